"""The tf.js expression language of the cases: tree, parser and printers."""
