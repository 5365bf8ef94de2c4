//! Values, heap, objects, handles and the interpreter.
