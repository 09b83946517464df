//! A loopback port of their own for the servers, and the line that says so.

use std::io::{self, Write as _};

use tokio::net::TcpListener;

/// Listens, and says where on standard error in the words that our own servers use.
pub async fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    writeln!(io::stderr(), "serving on http://{address}/mcp")?;
    Ok(listener)
}
