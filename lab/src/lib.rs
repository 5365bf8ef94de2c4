//! Instruments over the log: the trace report, exports.
