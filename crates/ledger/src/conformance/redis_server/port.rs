//! A port that stays ours.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of 127.0.0.1 that is nobody else's as long as this lives: it is bound, but not listened
/// on. Redis may still listen there, because both ask to share the address. A server that is down
/// thus keeps its port, and clients that try to come back cannot take it for their own end.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) number: u16,
    reserved: Vec<TcpSocket>,
}

impl Port {
    pub(super) fn free() -> Self {
        let socket = bind(0).unwrap();
        Self {
            number: socket.local_addr().unwrap().port(),
            reserved: vec![socket],
        }
    }

    /// A port with the one for the cluster bus, which is 10000 further.
    pub(super) fn with_bus() -> Self {
        loop {
            let mut port = Self::free();
            let bus = port.number.checked_add(10_000);
            if let Some(Ok(socket)) = bus.map(bind) {
                port.reserved.push(socket);
                return port;
            }
        }
    }
}

fn bind(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}
