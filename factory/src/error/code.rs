//! Every error that a user can cause: its number, and the exit code that goes with it.

/// Exit codes of `mcp-factory`. Scripts depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// A fault in `mcp-factory` itself.
    Bug = 1,
    /// The command line asks for something impossible.
    Usage = 2,
    /// The manifest is not valid.
    Manifest = 3,
    /// A plugin cannot be found, or does not fit.
    Plugin = 4,
    /// The server does not compile.
    Compile = 5,
    /// The binary is not what the plan said.
    Verify = 6,
    /// Something written earlier no longer matches its source.
    OutOfDate = 7,
    /// This machine lacks something: a toolchain, a target, disk space.
    Environment = 8,
    /// Stopped by a signal.
    Interrupted = 130,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $exit:ident;)*) => {
        /// What went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number in `error[MF0201]`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// The exit code of a run that ends with this.
            pub const fn exit(self) -> Exit {
                match self { $(Self::$name => Exit::$exit,)* }
            }
        }
    };
}

codes! {
    /// A fault in the factory itself.
    Internal = "MF0001", Bug;
    /// Stopped by a signal.
    Interrupted = "MF0002", Interrupted;

    /// A name, list or option on the command line is not acceptable.
    Usage = "MF0101", Usage;
    /// `new` would overwrite something.
    AlreadyExists = "MF0102", Usage;
    /// The binary cannot be written where it was asked for.
    Destination = "MF0103", Usage;
    /// The directory to generate into holds files of somebody else.
    ForeignDirectory = "MF0104", Usage;
    /// The file to inspect is not a server built by the factory.
    NotAServer = "MF0105", Usage;
    /// A client's file cannot be read as one, or changed meanwhile.
    ClientFile = "MF0106", Usage;
    /// A server that is to be tried out cannot be spoken to.
    Unreachable = "MF0107", Usage;
    /// Something that a server was asked failed.
    CommandFailed = "MF0108", Usage;

    /// There is no manifest here.
    NoManifest = "MF0200", Manifest;
    /// The manifest is not TOML.
    Syntax = "MF0201", Manifest;
    /// A key that nothing reads.
    UnknownKey = "MF0202", Manifest;
    /// A value of the wrong type.
    WrongType = "MF0203", Manifest;
    /// A key that has to be there.
    MissingKey = "MF0204", Manifest;
    /// A name that cannot be used.
    BadName = "MF0205", Manifest;
    /// A value that is not one of the possible ones.
    BadValue = "MF0206", Manifest;
    /// Keys that exclude each other.
    Conflict = "MF0207", Manifest;
    /// `allow` or `deny` names a tool that the plugin does not have.
    UnknownTool = "MF0208", Manifest;
    /// A schema that this version does not know.
    UnknownSchema = "MF0209", Manifest;
    /// A declared tool that its plugin does not accept.
    Declaration = "MF0210", Manifest;
    /// A secret that is written down where its name belongs.
    LiteralSecret = "MF0211", Manifest;

    /// There is no built-in plugin of this name.
    UnknownPlugin = "MF0301", Plugin;
    /// The crate does not say that it is a plugin.
    NotAPlugin = "MF0302", Plugin;
    /// The plugin was written for another interface.
    Interface = "MF0303", Plugin;
    /// Two tools, prompts or resources would have one name.
    Collision = "MF0304", Plugin;
    /// The plugin's directory is not there.
    NoDirectory = "MF0305", Plugin;
    /// Cargo cannot make sense of a plugin's crate or of the whole set.
    Unresolved = "MF0306", Plugin;
    /// Something has to be downloaded, and cannot be.
    Offline = "MF0307", Plugin;
    /// The plugin's source cannot be read as a plugin.
    UnreadableSource = "MF0308", Plugin;
    /// Two plugins come from crates of the same name.
    DuplicateCrate = "MF0309", Plugin;
    /// More tools or tokens than the manifest's limits allow.
    OverLimit = "MF0310", Plugin;
    /// The built-in plugin has another version than the manifest asks for.
    BuiltInVersion = "MF0311", Plugin;
    /// A read-only server without anything that only reads.
    NothingLeft = "MF0312", Plugin;
    /// Tools are declared for a plugin that takes none.
    TakesNoTools = "MF0313", Plugin;

    /// A plugin's crate does not compile.
    PluginCompile = "MF0401", Compile;
    /// Another crate does not compile.
    DependencyCompile = "MF0402", Compile;
    /// The generated crate does not compile.
    GeneratedCompile = "MF0403", Compile;
    /// A compiler or linker was killed, most likely for want of memory.
    Killed = "MF0404", Compile;
    /// Cargo failed for another reason.
    CargoFailed = "MF0405", Compile;

    /// The binary needs an interpreter or shared libraries.
    NotStatic = "MF0501", Verify;
    /// The binary does not answer `describe`.
    NoDescription = "MF0502", Verify;
    /// The binary has other plugins, tools or scopes than the plan.
    Mismatch = "MF0503", Verify;
    /// The binary is for another machine, or is no executable at all.
    NotExecutable = "MF0504", Verify;

    /// The generated files are not those that the manifest gives.
    GeneratedOutOfDate = "MF0601", OutOfDate;
    /// The lockfile does not match.
    LockOutOfDate = "MF0602", OutOfDate;

    /// No cargo or rustc.
    NoToolchain = "MF0701", Environment;
    /// The compiler is too old.
    OldCompiler = "MF0702", Environment;
    /// The target's standard library is not installed.
    NoTarget = "MF0703", Environment;
    /// No C compiler to link with.
    NoLinker = "MF0704", Environment;
    /// The disk is full.
    DiskFull = "MF0705", Environment;
    /// A file or directory cannot be read or written.
    Files = "MF0706", Environment;
    /// No directory for the cache.
    NoHome = "MF0707", Environment;
    /// No C compiler for the target, or one without the C library's headers.
    NoCCompiler = "MF0708", Environment;
    /// The doctor found something that will not work.
    Unwell = "MF0709", Environment;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_used_once() {
        let mut numbers: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
        let listed = numbers.clone();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, listed);
    }
}
