"""The ledger of what is tested: what a tf.js build has, and which of that each case reached."""
