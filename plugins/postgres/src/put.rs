//! Writing to a `String`, which takes everything.

/// `write!`, without an error that cannot be.
macro_rules! put {
    ($out:expr, $($arguments:tt)*) => {
        std::fmt::Write::write_fmt(&mut *$out, format_args!($($arguments)*))
            .expect("a String takes all that is written to it")
    };
}

pub(crate) use put;
