//! The GitHub plugin against GitHub as others emulate it, and against faults of our own making.

mod app;
mod arguments;
mod emulator;
mod fake;
mod faults;
mod flow;
mod inside;
mod limits;
mod lockdown;
mod logs;
mod memory;
mod plugin;
mod reading;
mod settings;
mod surface;
mod taint;
mod writing;
