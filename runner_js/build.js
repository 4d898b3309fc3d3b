/**
 * Builds `dist/`: the runner in one file, the wasm binaries, the names of the API, the licences.
 */

import {copyFile, mkdir, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {build} from 'esbuild';

import {names} from './src/names.js';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const modules = join(here, 'node_modules');
const wasm = join(modules, '@tensorflow', 'tfjs-backend-wasm', 'dist');

await rm(dist, {recursive: true, force: true});
await mkdir(dist);
const {metafile} = await build({
  absWorkingDir: here,
  entryPoints: ['src/node.js'],
  outfile: 'dist/runner.cjs',
  bundle: true,
  platform: 'node',
  target: 'node18',
  mainFields: ['module', 'main'], // ES modules, so that all packages share one tfjs-core
  minifyWhitespace: true, // identifiers stay: error types and stack traces show their names
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});
for (const file of await readdir(wasm)) {
  if (file.endsWith('.wasm')) {
    await copyFile(join(wasm, file), join(dist, file));
  }
}
await writeFile(join(dist, 'LICENSES.txt'), await licences(Object.keys(metafile.inputs)));
await writeFile(join(dist, 'names.json'), `${JSON.stringify(loadedNames(), null, 1)}\n`);

function loadedNames() {
  const require = createRequire(import.meta.url);
  console.warn = () => {}; // tf.js advertises another package when it loads
  const tf = require('@tensorflow/tfjs');
  require('@tensorflow/tfjs-backend-wasm');
  return names(tf, ['cpu', 'wasm']);
}

/**
 * Name, version and licence text of every package that is in the bundle.
 * @param {string[]} inputs the bundled files, relative to this folder
 */
async function licences(inputs) {
  const folders = inputs.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const about = JSON.parse(await readFile(join(here, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(here, folder))).find((name) => /^(licen[cs]e|copying)/i.test(name));
    const text = file ? await readFile(join(here, folder, file), 'utf8') : '';
    return `${about.name} ${about.version}: ${about.license}\n\n${text}`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n`);
}
