//! The Slack plugin against an emulator of Slack that others wrote, and against answers that the emulator
//! does not give: rate limits, refusals, faults.

mod emulated;
mod faults;
mod guards;
mod health;
mod limits;
mod paging;
mod plugin;
mod starting;
mod surface;
