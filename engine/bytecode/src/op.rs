//! The instruction table: one source for the enum, the disassembler, the verifier and the docs.
//!
//! # Encoding
//! An instruction is one 64-bit word: `op:8 x:8 a:16 b:16 c:16` from the low bits up. `bx` is the upper 32 bits (`b` and
//! `c` together) as an unsigned number, `sbx` the same as a signed one. A jump target is relative to the instruction *after*
//! the jump; in `c` it is a signed 16-bit number of words. An instruction marked `+ext` is followed by one [`Op::Ext`] word.
//!
//! # Registers
//! `R[0]` is `this`, `R[1..=nparams]` are the formal parameters, then locals and temporaries; `R[-1]` is the running
//! function. A call puts callee, this and arguments in consecutive registers, and the callee's window lies over them, so
//! arguments are never copied: everything above the last argument is dead after the call.

macro_rules! instructions {
    ($($(#[doc = $doc:literal])+ $name:ident { $($slot:ident : $role:ident),* } $($flag:ident)*;)+) => {
        /// An operation code. The doc of each variant is its equation.
        #[repr(u8)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum Op { $($(#[doc = $doc])+ $name,)+ }

        /// Every operation, in opcode order.
        pub const TABLE: &[OpInfo] = &[$(OpInfo {
            op: Op::$name,
            name: stringify!($name),
            doc: concat!($($doc, "\n"),+),
            operands: &[$((Slot::$slot, OperandRole::$role)),*],
            flags: &[$(stringify!($flag)),*],
        },)+];
    };
}

/// Which field of the word an operand sits in.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// Bits 8–15.
    x,
    /// Bits 16–31.
    a,
    /// Bits 32–47.
    b,
    /// Bits 48–63.
    c,
    /// Bits 32–63, unsigned.
    bx,
    /// Bits 32–63, signed.
    sbx,
}

/// What an operand means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OperandRole {
    /// A register that is written.
    Dst,
    /// A register that is read.
    Src,
    /// A register that is read and written.
    SrcDst,
    /// The first of several consecutive registers.
    Base,
    /// An index into the constants.
    Const,
    /// An index into the inline caches (`ic_keys`).
    Ic,
    /// An index into the nested functions.
    Func,
    /// An index into the scope descriptions.
    Scope,
    /// An index into the module's imports.
    Import,
    /// A signed jump distance in words, from the next instruction.
    Off,
    /// A signed immediate number.
    Int,
    /// An unsigned count.
    Count,
    /// A flag or small enumeration, explained in the doc.
    Flag,
    /// An environment slot.
    EnvSlot,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// The operation.
    pub op: Op,
    /// Its name.
    pub name: &'static str,
    /// Its equation.
    pub doc: &'static str,
    /// Its operands, in reading order.
    pub operands: &'static [(Slot, OperandRole)],
    /// `throws` (may raise), `jumps` (may change the flow), `ends` (never falls through), `ext` (an `Ext` word follows), `quick`
    /// (second tier: never in a template).
    pub flags: &'static [&'static str],
}

instructions! {
    /// Does nothing.
    Nop {};
    /// Carries an extra operand (`bx`) of the instruction before it; never executed by itself.
    Ext { bx: Ic };
    /// R[a] := K[bx].
    LoadConst { a: Dst, bx: Const };
    /// R[a] := sbx.
    LoadInt { a: Dst, sbx: Int };
    /// R[a] := undefined.
    LoadUndef { a: Dst };
    /// R[a] := null.
    LoadNull { a: Dst };
    /// R[a] := true.
    LoadTrue { a: Dst };
    /// R[a] := false.
    LoadFalse { a: Dst };
    /// R[a] := hole, the mark of an uninitialised binding.
    LoadHole { a: Dst };
    /// R[a] := R[b].
    Move { a: Dst, b: Src };
    /// R[a] := the running function.
    LoadCallee { a: Dst };
    /// R[a] := new.target (undefined in a plain call).
    LoadNewTarget { a: Dst };
    /// R[a] := the running function's home object (for super).
    LoadHome { a: Dst };
    /// R[a] := the global object.
    LoadGlobalThis { a: Dst };
    /// Throws a ReferenceError naming K[bx] when R[a] is a hole.
    CheckHole { a: Src, bx: Const } throws;
    /// Throws "Must call super constructor…" when R[a] is a hole.
    CheckThis { a: Src } throws;
    /// R[a] := R[a] as sloppy `this`: undefined and null become the global object, primitives are boxed.
    SloppyThis { a: SrcDst };

    /// R[a] := the environment the running function was created in.
    FuncEnv { a: Dst };
    /// R[a] := a new environment of scope[c] with parent R[b] (undefined: none); every slot is a hole.
    NewEnv { a: Dst, b: Src, c: Scope };
    /// R[a] := a copy of environment R[a] with the same parent (a fresh iteration of a loop).
    CopyEnv { a: SrcDst };
    /// R[a] := slot c of the environment x levels above R[b].
    GetEnv { a: Dst, b: Src, c: EnvSlot, x: Count };
    /// Like GetEnv, but a hole throws a ReferenceError naming the slot.
    GetEnvChecked { a: Dst, b: Src, c: EnvSlot, x: Count } throws;
    /// Slot b of the environment x levels above R[a] := R[c].
    SetEnv { a: Src, b: EnvSlot, c: Src, x: Count };
    /// Like SetEnv, but throws a ReferenceError naming the slot when it still holds a hole.
    SetEnvChecked { a: Src, b: EnvSlot, c: Src, x: Count } throws;
    /// R[a] := the parent of environment R[b].
    EnvParent { a: Dst, b: Src };
    /// R[a] := global binding IC[b] (script let/const/class first, then the global object); x=1: undefined if missing (typeof).
    GetGlobal { a: Dst, b: Ic, x: Flag } throws;
    /// Global binding IC[b] := R[a]; x=1 strict: a missing one throws.
    SetGlobal { a: Src, b: Ic, x: Flag } throws;
    /// Initialises script-level let/const/class binding IC[b] with R[a].
    InitGlobal { a: Src, b: Ic } throws;
    /// R[a] := imported binding b of the running module; a hole throws a ReferenceError.
    GetImport { a: Dst, b: Import } throws;

    /// R[a] := R[b] + R[c].
    Add { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] - R[c].
    Sub { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] * R[c].
    Mul { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] / R[c].
    Div { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] % R[c].
    Mod { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] ** R[c].
    Exp { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] & R[c].
    BitAnd { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] | R[c].
    BitOr { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] ^ R[c].
    BitXor { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] << R[c].
    Shl { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] >> R[c].
    Shr { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] >>> R[c].
    UShr { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] + c (an integer literal on the right; a string on the left concatenates).
    AddI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] - c.
    SubI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] * c.
    MulI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] & c.
    BitAndI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] | c.
    BitOrI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] << c.
    ShlI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] >> c.
    ShrI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := R[b] >>> c.
    UShrI { a: Dst, b: Src, c: Int } throws;
    /// R[a] := ToNumeric(R[b]) + 1.
    Inc { a: Dst, b: Src } throws;
    /// R[a] := ToNumeric(R[b]) - 1.
    Dec { a: Dst, b: Src } throws;
    /// R[a] := ToNumeric(R[b]) (for postfix ++ and --).
    ToNumeric { a: Dst, b: Src } throws;
    /// R[a] := +R[b].
    Plus { a: Dst, b: Src } throws;
    /// R[a] := -R[b].
    Neg { a: Dst, b: Src } throws;
    /// R[a] := ~R[b].
    BitNot { a: Dst, b: Src } throws;
    /// R[a] := !R[b].
    Not { a: Dst, b: Src };
    /// R[a] := typeof R[b].
    Typeof { a: Dst, b: Src };
    /// R[a] := R[b] == R[c].
    Eq { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] != R[c].
    Ne { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] === R[c].
    StrictEq { a: Dst, b: Src, c: Src };
    /// R[a] := R[b] !== R[c].
    StrictNe { a: Dst, b: Src, c: Src };
    /// R[a] := R[b] < R[c].
    Lt { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] <= R[c].
    Le { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] > R[c].
    Gt { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] >= R[c].
    Ge { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] instanceof R[c].
    InstanceOf { a: Dst, b: Src, c: Src } throws;
    /// R[a] := R[b] in R[c].
    In { a: Dst, b: Src, c: Src } throws;
    /// R[a] := private name R[b] in R[c].
    HasPrivate { a: Dst, b: Src, c: Src } throws;

    /// Jumps. Backward jumps are safepoints.
    Jump { sbx: Off } jumps ends;
    /// Jumps when ToBoolean(R[a]).
    JumpIfTrue { a: Src, sbx: Off } jumps;
    /// Jumps when not ToBoolean(R[a]).
    JumpIfFalse { a: Src, sbx: Off } jumps;
    /// Jumps when R[a] is undefined or null.
    JumpIfNullish { a: Src, sbx: Off } jumps;
    /// Jumps when R[a] is neither undefined nor null.
    JumpIfNotNullish { a: Src, sbx: Off } jumps;
    /// Jumps when R[a] is undefined.
    JumpIfUndef { a: Src, sbx: Off } jumps;
    /// Jumps when R[a] is not undefined.
    JumpIfNotUndef { a: Src, sbx: Off } jumps;
    /// Jumps when R[a] is a hole.
    JumpIfHole { a: Src, sbx: Off } jumps;
    /// Jumps when R[a] < R[b].
    JLt { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when not R[a] < R[b].
    JNLt { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when R[a] <= R[b].
    JLe { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when not R[a] <= R[b].
    JNLe { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when R[a] > R[b].
    JGt { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when not R[a] > R[b].
    JNGt { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when R[a] >= R[b].
    JGe { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when not R[a] >= R[b].
    JNGe { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when R[a] == R[b].
    JEq { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when R[a] != R[b].
    JNe { a: Src, b: Src, c: Off } jumps throws;
    /// Jumps when R[a] === R[b].
    JSEq { a: Src, b: Src, c: Off } jumps;
    /// Jumps when R[a] !== R[b].
    JSNe { a: Src, b: Src, c: Off } jumps;
    /// Jumps when R[a] < b (an immediate).
    JLtI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when not R[a] < b.
    JNLtI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when R[a] <= b.
    JLeI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when not R[a] <= b.
    JNLeI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when R[a] > b.
    JGtI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when not R[a] > b.
    JNGtI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when R[a] >= b.
    JGeI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when not R[a] >= b.
    JNGeI { a: Src, b: Int, c: Off } jumps throws;
    /// Jumps when R[a] === b.
    JSEqI { a: Src, b: Int, c: Off } jumps;
    /// Jumps when R[a] !== b.
    JSNeI { a: Src, b: Int, c: Off } jumps;

    /// R[a] := R[b].IC[c].
    GetProp { a: Dst, b: Src, c: Ic } throws;
    /// R[a].IC[b] := R[c]; x=1 strict.
    SetProp { a: Src, b: Ic, c: Src, x: Flag } throws;
    /// R[a] := R[b][R[c]]; x=1: R[c] becomes the property key it stands for.
    GetElem { a: Dst, b: Src, c: Src, x: Flag } throws;
    /// R[a][R[b]] := R[c]; x=1 strict.
    SetElem { a: Src, b: Src, c: Src, x: Flag } throws;
    /// R[a] := delete R[b][R[c]]; x=1 strict: failure throws.
    DelElem { a: Dst, b: Src, c: Src, x: Flag } throws;
    /// R[a] := super property: R[b]=this, R[b+1]=home object, R[b+2]=key.
    GetSuper { a: Dst, b: Base } throws;
    /// Super property := R[a]: R[b]=this, R[b+1]=home object, R[b+2]=key; x=1 strict.
    SetSuper { a: Src, b: Base, x: Flag } throws;
    /// R[a] := private member R[c] of R[b]. The Ext word is its inline cache.
    GetPrivate { a: Dst, b: Src, c: Src } throws ext;
    /// Private member R[b] of R[a] := R[c]. The Ext word is its inline cache.
    SetPrivate { a: Src, b: Src, c: Src } throws ext;
    /// Adds private member R[b] to R[a]; x: 0 field with value R[c], 1 method R[c], 2 getter R[c], 3 setter R[c]. Adding a field
    /// or method twice throws.
    DefinePrivate { a: Src, b: Src, c: Src, x: Flag } throws;
    /// R[a] := a new private name described by K[bx] (with its '#').
    NewPrivateName { a: Dst, bx: Const };
    /// Own property IC[b] of the fresh object R[a] := R[c] (object literal; no setters run).
    InitProp { a: Src, b: Ic, c: Src } throws;
    /// CreateDataPropertyOrThrow(R[a], R[b], R[c]); the key is already a property key or is converted.
    DefineField { a: Src, b: Src, c: Src } throws;
    /// Defines method or accessor R[c] under key R[b] on R[a]; x bit 0: enumerable; bits 1–2: 0 value, 1 getter, 2 setter.
    DefineMethod { a: Src, b: Src, c: Src, x: Flag } throws;
    /// R[a].[[HomeObject]] := R[b].
    SetHome { a: Src, b: Src };
    /// Gives the function R[a] the name R[b] (a property key); x: 0 plain, 1 "get ", 2 "set ". A class that has an own `name` keeps it.
    SetFuncName { a: Src, b: Src, x: Flag };
    /// Object literal `__proto__: v`: R[a].[[Prototype]] := R[b] when that is an object or null.
    SetProto { a: Src, b: Src };
    /// Copies R[b]'s own enumerable properties into R[a] (object spread).
    CopyProps { a: Src, b: Src } throws;
    /// R[a] := a new object with R[b]'s own enumerable properties except keys R[c..c+x] (object rest).
    CopyRest { a: Dst, b: Src, c: Base, x: Count } throws;
    /// R[a] := ToPropertyKey(R[b]).
    ToKey { a: Dst, b: Src } throws;
    /// R[a] := ToString(R[b]) (template literal).
    ToStr { a: Dst, b: Src } throws;
    /// R[a] := the concatenation of the c strings from R[b] on.
    Concat { a: Dst, b: Base, c: Count } throws;
    /// Throws unless R[a] can be destructured; K[bx] is the first property's name, 0xffff_ffff: none.
    CheckDestructure { a: Src, bx: Const } throws;

    /// R[a] := {} with room for bx properties.
    NewObject { a: Dst, bx: Count };
    /// R[a] := [] with room for bx elements.
    NewArray { a: Dst, bx: Count };
    /// Appends R[b] to the fresh array R[a].
    ArrayPush { a: Src, b: Src };
    /// Appends a hole to the fresh array R[a].
    ArrayHole { a: Src };
    /// Appends every value of the iterable R[b] to the fresh array R[a]; x=1: it is the last argument of a call.
    ArraySpread { a: Src, b: Src, x: Flag } throws;
    /// R[a] := a new RegExp from constant bx.
    NewRegExp { a: Dst, bx: Const } throws;
    /// R[a] := the template object of constant bx (one per site).
    GetTemplate { a: Dst, bx: Const };
    /// R[a] := closure of function c in environment R[b].
    NewFunc { a: Dst, b: Src, c: Func };
    /// Class: R[a] := constructor of function c in environment R[b+1], R[a+1] := its prototype; x=1: R[b] is the heritage.
    NewClass { a: Base, b: Base, c: Func, x: Flag } throws;
    /// Function R[b] initialises the instance fields of class R[a].
    SetFieldInit { a: Src, b: Src };
    /// Runs the field initialiser of class R[b], if there is one, on R[a].
    InitFields { a: Src, b: Src } throws;

    /// R[a] := R[b](R[b+2] … R[b+1+c]) with this R[b+1].
    Call { a: Dst, b: Base, c: Count } throws;
    /// R[a] := new R[b](R[b+2] …) with new.target R[b+1]; c arguments.
    Construct { a: Dst, b: Base, c: Count } throws;
    /// R[a] := R[b](...R[b+2]) with this R[b+1]; R[b+2] is a fresh array.
    CallSpread { a: Dst, b: Base } throws;
    /// R[a] := new R[b](...R[b+2]) with new.target R[b+1]; R[b+2] is a fresh array.
    ConstructSpread { a: Dst, b: Base } throws;
    /// R[a] := R[b].[[GetPrototypeOf]]() (super call).
    SuperCtor { a: Dst, b: Src };
    /// Throws "Super constructor … is not a constructor" unless R[a], the super constructor of R[b], is one.
    CheckSuper { a: Src, b: Src } throws;
    /// R[a] := what a derived constructor returns for the completion R[a] and this R[b] (which may be a hole).
    DerivedReturn { a: SrcDst, b: Src } throws;
    /// Returns R[a]: to the caller, or as the completion of a generator, async function or module.
    Return { a: Src } ends;
    /// Throws R[a]. x: 1 it goes on after a finally or the closing of an iterator, and counts as thrown where it was before.
    Throw { x: Flag, a: Src } throws ends;
    /// Throws a new error with message K[bx]; x: 0 TypeError, 1 ReferenceError, 2 SyntaxError, 3 RangeError, 4 Error.
    ThrowError { x: Flag, bx: Const } throws ends;

    /// R[a..a+2] := iterator, next method, done flag of R[b]. x: 0 sync (a plain array may be walked by index: only IterNext,
    /// IterStep, IterRest and the closing instructions may follow), 1 async, 2 sync with a real iterator (for IterCall).
    GetIter { a: Base, b: Src, x: Flag } throws;
    /// R[a] := the next value of iterator R[b..]; jumps when it is done.
    IterNext { a: Dst, b: Base, c: Off } throws jumps;
    /// R[a] := the next value of iterator R[b..], or undefined once done (R[b+2] keeps the flag: array destructuring).
    IterStep { a: Dst, b: Base } throws;
    /// R[a] := a new array of everything left in iterator R[b..].
    IterRest { a: Dst, b: Base } throws;
    /// Closes iterator R[a..] unless its done flag is set; an error of return() is thrown.
    IterClose { a: Base } throws;
    /// Closes iterator R[a..] unless its done flag is set; errors of return() are ignored (an exception is on its way).
    IterCloseQuiet { a: Base };
    /// R[a] := raw result of calling a method of iterator R[b..] with R[c]; x: 0 next, 1 throw, 2 return, 3 return without
    /// an argument (c ignored). A missing throw or return method gives a hole.
    IterCall { a: Dst, b: Base, c: Src, x: Flag } throws;
    /// Throws "Iterator result … is not an object" unless R[a] is an object.
    CheckIterResult { a: Src } throws;
    /// R[a] := enumerator over R[b]'s enumerable string keys, own and inherited.
    ForInStart { a: Dst, b: Src } throws;
    /// R[a] := the next key of enumerator R[b]; jumps when there is none.
    ForInNext { a: Dst, b: Src, c: Off } throws jumps;

    /// Parameters are bound: creates the generator object, returns it to the caller and suspends.
    GenStart {} throws;
    /// Suspends with R[b]; on resumption R[a] := sent value, R[c] := mode (0 next, 2 return); a throw is thrown here.
    /// x=1 (yield*): R[b] is passed on as the result object itself, and a throw arrives as mode 1.
    /// (In an async generator R[b] is a value as usual also then.)
    Yield { a: Dst, b: Src, c: Dst, x: Flag } throws;
    /// R[a] := await R[b].
    Await { a: Dst, b: Src } throws;
    /// The module's environment R[a] is set up and its functions are hoisted: suspends until evaluation.
    ModuleStart { a: Src };
    /// R[a] := import(R[b], R[c]).
    ImportCall { a: Dst, b: Src, c: Src } throws;
    /// R[a] := import.meta.
    ImportMeta { a: Dst } throws;
    /// The debugger statement.
    Debugger {};

    /// R[a] := the holder of the binding K[c], searched by name from environment R[b] outwards: an environment, the object of a
    /// `with`, or the object of variables that a direct eval has declared; undefined: the global environment, or nothing.
    FindName { a: Dst, b: Src, c: Const } throws;
    /// R[a] := binding K[c] of holder R[b]; x=1: undefined if missing (typeof).
    GetName { a: Dst, b: Src, c: Const, x: Flag } throws;
    /// Binding K[b] of holder R[a] := R[c]; x=1 strict.
    SetName { a: Src, b: Const, c: Src, x: Flag } throws;
    /// R[a] := delete binding K[c] of holder R[b].
    DelName { a: Dst, b: Src, c: Const } throws;
    /// R[a] := `this` for a call of a function found in holder R[b]: the object of a `with`, otherwise undefined.
    WithThis { a: Dst, b: Src };
    /// The variable K[c] of the function around environment R[b], which a direct eval has declared there, := R[a].
    SetVar { a: Src, b: Src, c: Const } throws;
    /// R[a] := ToObject(R[b]) (the head of `with`).
    ToObject { a: Dst, b: Src } throws;
    /// R[a] := whether R[b] is this realm's eval.
    IsEval { a: Dst, b: Src };
    /// R[a] := direct eval of R[b] in environment R[c]; x: what the surrounding code allows ([`crate::eval`]).
    DirectEval { a: Dst, b: Src, c: Src, x: Flag } throws;

    // The second tier (`crate::quick`): only the interpreter writes these, over code that is hot. Operands are those of the
    // instruction that stood there; where several are done at once, the others keep standing behind it.

    /// Looks at its operands and becomes the specialised form of the instruction that stood here, or that instruction again.
    Adapt {} quick;
    /// Add of two numbers, doubles first.
    AddNum { a: Dst, b: Src, c: Src } throws quick;
    /// Sub of two numbers, doubles first.
    SubNum { a: Dst, b: Src, c: Src } throws quick;
    /// Mul of two numbers, doubles first.
    MulNum { a: Dst, b: Src, c: Src } throws quick;
    /// Mul of numbers, Add.
    MulAdd { a: Dst, b: Src, c: Src } throws quick;
    /// Mul of numbers, Sub.
    MulSub { a: Dst, b: Src, c: Src } throws quick;
    /// Mul of numbers, Mul.
    MulMul { a: Dst, b: Src, c: Src } throws quick;
    /// Add of numbers, Add or Sub.
    AddAdd { a: Dst, b: Src, c: Src } throws quick;
    /// Sub of numbers, Add.
    SubAdd { a: Dst, b: Src, c: Src } throws quick;
    /// Add of numbers, BitOrI.
    AddBitOr { a: Dst, b: Src, c: Src } throws quick;
    /// Add of numbers, SetProp of an own property.
    AddSetProp { a: Dst, b: Src, c: Src } throws quick;
    /// Sub of numbers, SetProp of an own property.
    SubSetProp { a: Dst, b: Src, c: Src } throws quick;
    /// Add of numbers, Return.
    AddReturn { a: Dst, b: Src, c: Src } throws quick;
    /// Move, Move.
    MoveMove { a: Dst, b: Src } quick;
    /// Move, LoadUndef.
    MoveUndef { a: Dst, b: Src } quick;
    /// Move, GetProp of a remembered property.
    MoveGetProp { a: Dst, b: Src } throws quick;
    /// LoadUndef, Move.
    UndefMove { a: Dst } quick;
    /// LoadUndef, SubI of an int.
    UndefSubI { a: Dst } throws quick;
    /// LoadInt, LoadInt.
    IntInt { a: Dst, sbx: Int } quick;
    /// LoadInt, GetElem of a dense element.
    IntGetElem { a: Dst, sbx: Int } throws quick;
    /// LoadInt, JLt of ints.
    IntJLt { a: Dst, sbx: Int } throws quick;
    /// LoadInt, Mod of ints.
    IntMod { a: Dst, sbx: Int } throws quick;
    /// LoadConst, an arithmetic instruction on numbers: Add, Sub or Mul.
    ConstMath { a: Dst, bx: Const } throws quick;
    /// LoadNull, JSEq or JSNe.
    NullJump { a: Dst } quick;
    /// Inc of an int, JLt of ints.
    IncJLt { a: Dst, b: Src } throws quick;
    /// Inc of an int, LoadInt, JLt of ints.
    IncIntJLt { a: Dst, b: Src } throws quick;
    /// Inc of an int, GetProp of the length of an array or string, JLt of ints.
    IncLengthJLt { a: Dst, b: Src } throws quick;
    /// ToNumeric and Inc of an int.
    PostInc { a: Dst, b: Src } throws quick;
    /// FuncEnv, GetEnv.
    FuncGetEnv { a: Dst } quick;
    /// GetEnv, LoadUndef.
    GetEnvUndef { a: Dst, b: Src, c: EnvSlot, x: Count } quick;
    /// GetEnvChecked, JSEq of what is the same, or of ints.
    GetEnvJSEq { a: Dst, b: Src, c: EnvSlot, x: Count } throws quick;
    /// GetGlobal of a remembered property, GetProp of another.
    GlobalGetProp { a: Dst, b: Ic, x: Flag } throws quick;
    /// GetProp of a remembered property, GetProp of another.
    GetPropGetProp { a: Dst, b: Src, c: Ic } throws quick;
    /// GetProp of a remembered property, Add of numbers.
    GetPropAdd { a: Dst, b: Src, c: Ic } throws quick;
    /// GetProp of a remembered property, Sub of numbers.
    GetPropSub { a: Dst, b: Src, c: Ic } throws quick;
    /// GetProp of a remembered property, Mul of numbers.
    GetPropMul { a: Dst, b: Src, c: Ic } throws quick;
    /// GetProp of a remembered property, Move.
    GetPropMove { a: Dst, b: Src, c: Ic } throws quick;
    /// GetProp of a remembered property, LoadNull.
    GetPropNull { a: Dst, b: Src, c: Ic } throws quick;
    /// GetProp of the length of an array that is not sparse.
    ArrayLength { a: Dst, b: Src, c: Ic } throws quick;
    /// SetProp of an own property, GetProp of a remembered one.
    SetPropGetProp { a: Src, b: Ic, c: Src, x: Flag } throws quick;
    /// GetElem of a dense element, GetElem of another.
    GetElemGetElem { a: Dst, b: Src, c: Src, x: Flag } throws quick;
    /// GetElem of a dense element, SetElem of another.
    GetElemSetElem { a: Dst, b: Src, c: Src, x: Flag } throws quick;
    /// SetElem of a dense element, Inc of an int.
    SetElemInc { a: Src, b: Src, c: Src, x: Flag } throws quick;
    /// SetElem of a dense element, SetElem of another.
    SetElemSetElem { a: Src, b: Src, c: Src, x: Flag } throws quick;
    /// Jump to a Return, which is done at once.
    JumpReturn { sbx: Off } jumps ends quick;
    /// LoadInt, ArrayPush.
    IntPush { a: Dst, sbx: Int } quick;
    /// Call of a built-in function that is done here; x says which ([`crate::quick::Inline`]).
    CallInline { a: Dst, b: Base, c: Count, x: Flag } throws quick;
}

impl Op {
    /// The operation with this code.
    #[inline]
    pub fn from_u8(code: u8) -> Option<Op> {
        TABLE.get(code as usize).map(|i| i.op)
    }

    /// Its row.
    pub fn info(self) -> &'static OpInfo {
        &TABLE[self as usize]
    }

    /// Whether it belongs to the second tier ([`crate::quick`]).
    #[inline(always)]
    pub fn is_quick(self) -> bool {
        self as u8 >= Op::Adapt as u8
    }

    /// Whether the table gives it this flag.
    pub fn has(self, flag: &str) -> bool {
        self.info().flags.contains(&flag)
    }
}

/// One encoded instruction word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Insn(pub u64);

impl Insn {
    /// From all fields.
    pub fn abc(op: Op, x: u8, a: u16, b: u16, c: u16) -> Insn {
        Insn(op as u64 | u64::from(x) << 8 | u64::from(a) << 16 | u64::from(b) << 32 | u64::from(c) << 48)
    }

    /// From `a` and a 32-bit operand.
    pub fn abx(op: Op, x: u8, a: u16, bx: u32) -> Insn {
        Insn(op as u64 | u64::from(x) << 8 | u64::from(a) << 16 | u64::from(bx) << 32)
    }

    /// The operation code as a number.
    #[inline(always)]
    pub fn code(self) -> u8 {
        self.0 as u8
    }

    /// The operation; `None` for a word the compiler never wrote.
    #[inline]
    pub fn op(self) -> Option<Op> {
        Op::from_u8(self.code())
    }

    /// Field `x`.
    #[inline(always)]
    pub fn x(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// Field `a`.
    #[inline(always)]
    pub fn a(self) -> usize {
        (self.0 >> 16) as u16 as usize
    }

    /// Field `b`.
    #[inline(always)]
    pub fn b(self) -> usize {
        (self.0 >> 32) as u16 as usize
    }

    /// Field `c`.
    #[inline(always)]
    pub fn c(self) -> usize {
        (self.0 >> 48) as usize
    }

    /// Field `b` as a signed immediate.
    #[inline(always)]
    pub fn sb(self) -> i32 {
        i32::from((self.0 >> 32) as i16)
    }

    /// Field `c` as a signed immediate or jump distance.
    #[inline(always)]
    pub fn sc(self) -> i32 {
        i32::from((self.0 >> 48) as i16)
    }

    /// The upper half, unsigned.
    #[inline(always)]
    pub fn bx(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The upper half, signed.
    #[inline(always)]
    pub fn sbx(self) -> i32 {
        (self.0 >> 32) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_round_trip() {
        let i = Insn::abc(Op::Add, 7, 1, 65535, 300);
        assert_eq!((i.op(), i.x(), i.a(), i.b(), i.c()), (Some(Op::Add), 7, 1, 65535, 300));
        let j = Insn::abx(Op::Jump, 0, 0, -5i32 as u32);
        assert_eq!(j.sbx(), -5);
        assert_eq!(Insn::abc(Op::AddI, 0, 1, 2, -3i16 as u16).sc(), -3);
    }

    #[test]
    fn the_table_is_in_opcode_order() {
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(row.op as usize, i, "{}", row.name);
        }
    }
}
