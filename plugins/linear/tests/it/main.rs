//! The Linear plugin against an emulator of Linear that others wrote, and against answers that the emulator
//! does not give: search, filters, rate limits, errors, faults.

mod documents;
mod emulated;
mod faults;
mod guards;
mod health;
mod limits;
mod paging;
mod plugin;
mod starting;
mod surface;
