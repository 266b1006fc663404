//! The command `exchange-control`: the engine over exports, without PowerShell and without Exchange.

mod command;

fn main() -> std::process::ExitCode {
    command::run()
}
