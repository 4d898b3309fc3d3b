"""The reference implementation: tf.js's gradient API on ``tf.GradientTape``."""
