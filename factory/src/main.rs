//! The `mcp-factory` command: hands its arguments to the library and returns the exit code.

fn main() -> std::process::ExitCode {
    mcp_factory::cli::main(std::env::args_os())
}
