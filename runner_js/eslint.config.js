import js from '@eslint/js';
import globals from 'globals';

export default [
  {ignores: ['dist/', 'node_modules/']},
  js.configs.recommended,
  {
    languageOptions: {globals: globals['shared-node-browser']},
    rules: {
      curly: 'error',
      eqeqeq: 'error',
      'no-shadow': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  // core.js and what it imports also run in a page; these files do not.
  {files: ['build.js', 'src/node.js', 'src/quiet.js'], languageOptions: {globals: {...globals.node}}},
  {files: ['src/node.js'], languageOptions: {globals: {__dirname: 'readonly'}}},
];
