//! The language as a script finds it: what it has, what it has not, and how large things may become.
//!
//! No files, no network, no modules, no clock and no chance: nothing of that is compiled in. What is left is
//! a calculator with functions. The package of the language's core is left out too: it can sleep, and whoever
//! sleeps looks at no clock. `replace` is our own, because the original makes its result before anybody
//! asks how long it becomes.

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package as _,
};
use rhai::{Engine, EvalAltResult, ImmutableString, OptimizationLevel, Position, Shared};

/// The longest script, in bytes.
pub(crate) const LONGEST_CODE: usize = 64 << 10;
/// The longest text, also all texts in one value together, in bytes.
pub(crate) const LONGEST_TEXT: usize = 1 << 20;
/// The most elements of arrays in one value together.
pub(crate) const MOST_ELEMENTS: usize = 20_000;
/// The most fields of maps in one value together.
pub(crate) const MOST_FIELDS: usize = 10_000;
/// How deep functions call functions.
pub(crate) const DEEPEST_CALL: usize = 48;
/// How deep expressions are nested.
const DEEPEST_EXPRESSION: usize = 48;
/// The most variables at a time, and functions.
const MOST_NAMES: usize = 256;

/// What would run text as code, or hold values where their sizes are not counted.
const ABSENT: &[&str] = &["eval", "Fn", "curry"];

/// The standard library, built once.
#[derive(Clone)]
pub(crate) struct Library(Vec<Shared<rhai::Module>>);

impl Library {
    pub(crate) fn new() -> Self {
        Self(vec![
            ArithmeticPackage::new().as_shared_module(),
            BasicStringPackage::new().as_shared_module(),
            BasicIteratorPackage::new().as_shared_module(),
            BasicFnPackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicMathPackage::new().as_shared_module(),
            BasicArrayPackage::new().as_shared_module(),
            BasicMapPackage::new().as_shared_module(),
            MoreStringPackage::new().as_shared_module(),
        ])
    }

    /// An engine for one script. Operations, time and memory are for whoever watches over it.
    pub(crate) fn engine(&self) -> Engine {
        let mut engine = Engine::new_raw();
        for module in &self.0 {
            engine.register_global_module(Shared::clone(module));
        }
        // A literal is what it says; nothing runs before the limits are in force.
        engine.set_optimization_level(OptimizationLevel::None);
        engine
            .set_max_string_size(LONGEST_TEXT)
            .set_max_array_size(MOST_ELEMENTS)
            .set_max_map_size(MOST_FIELDS)
            .set_max_call_levels(DEEPEST_CALL)
            .set_max_expr_depths(DEEPEST_EXPRESSION, DEEPEST_EXPRESSION)
            .set_max_variables(MOST_NAMES)
            .set_max_functions(MOST_NAMES)
            .set_strict_variables(true)
            .set_fail_on_invalid_map_property(false);
        for name in ABSENT {
            engine.disable_symbol(*name);
        }
        replace(&mut engine);
        engine
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Library")
            .field(&self.0.len())
            .finish()
    }
}

type Replaced = Result<(), Box<EvalAltResult>>;

/// `text.replace(old, new)`, in which either may be a text or a character.
fn replace(engine: &mut Engine) {
    fn checked(text: &mut ImmutableString, old: &str, new: &str) -> Replaced {
        let found = text.matches(old).count();
        let length = text
            .len()
            .saturating_sub(found * old.len())
            .saturating_add(found.saturating_mul(new.len()));
        if length > LONGEST_TEXT {
            let error = EvalAltResult::ErrorDataTooLarge("Length of string".into(), Position::NONE);
            return Err(error.into());
        }
        *text = text.replace(old, new).into();
        Ok(())
    }
    engine
        .register_fn(
            "replace",
            |text: &mut ImmutableString, old: &str, new: &str| -> Replaced {
                checked(text, old, new)
            },
        )
        .register_fn(
            "replace",
            |text: &mut ImmutableString, old: &str, new: char| -> Replaced {
                checked(text, old, new.encode_utf8(&mut [0; 4]))
            },
        )
        .register_fn(
            "replace",
            |text: &mut ImmutableString, old: char, new: &str| -> Replaced {
                checked(text, old.encode_utf8(&mut [0; 4]), new)
            },
        )
        .register_fn(
            "replace",
            |text: &mut ImmutableString, old: char, new: char| -> Replaced {
                let (mut first, mut second) = ([0; 4], [0; 4]);
                checked(
                    text,
                    old.encode_utf8(&mut first),
                    new.encode_utf8(&mut second),
                )
            },
        );
}
