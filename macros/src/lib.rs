//! stub
use proc_macro::TokenStream;
/// .
#[proc_macro_attribute] pub fn plugin(_: TokenStream, i: TokenStream) -> TokenStream { i }
/// .
#[proc_macro_attribute] pub fn tool(_: TokenStream, i: TokenStream) -> TokenStream { i }
/// .
#[proc_macro_attribute] pub fn resource(_: TokenStream, i: TokenStream) -> TokenStream { i }
/// .
#[proc_macro_attribute] pub fn prompt(_: TokenStream, i: TokenStream) -> TokenStream { i }
/// .
#[proc_macro_attribute] pub fn completion(_: TokenStream, i: TokenStream) -> TokenStream { i }
