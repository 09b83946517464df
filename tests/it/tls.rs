//! A certificate of the server's own, as clients that others wrote see it.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use mcp_factory_tests::{Process, Product, eventually, http::Connection};
use tempfile::TempDir;

/// A server with a certificate, in a folder of its own.
struct Sealed {
    process: Process,
    folder: TempDir,
    address: SocketAddr,
}

impl Sealed {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        certificate(folder.path(), "30");
        let mut command = Command::new(Product::Standard.binary());
        command
            .args(["--http", "127.0.0.1:0", "--config"])
            .arg(config(folder.path()))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let process = Process::start(&mut command);
        let address = eventually(Duration::from_secs(20), || {
            let said = process.stderr();
            let (_, rest) = said.split_once("serving on https://")?;
            rest.split_once("/mcp")?.0.parse().ok()
        });
        let address = address.unwrap_or_else(|| panic!("{}", process.stderr()));
        Self {
            process,
            folder,
            address,
        }
    }

    /// curl, which trusts the certificate that is in the folder now.
    fn curl(&self, arguments: &[&str]) -> Output {
        let port = self.address.port();
        Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20"])
            .args(["--cacert", "certificate.pem"])
            .args(["--write-out", " %{http_code} %{http_version}"])
            .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
            .args(arguments)
            .arg(format!("https://localhost:{port}/livez"))
            .current_dir(self.folder.path())
            .output()
            .expect("tests/run installs curl")
    }

    fn openssl(&self, arguments: &[&str]) -> String {
        let output = Command::new("openssl")
            .args(["s_client", "-brief", "-connect", &self.address.to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("tests/run installs openssl");
        let (out, err) = (&output.stdout, &output.stderr);
        format!(
            "{}{}",
            String::from_utf8_lossy(out),
            String::from_utf8_lossy(err)
        )
    }
}

/// Has openssl make a certificate for so many days and its key.
pub(crate) fn certificate(folder: &Path, days: &str) {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args(["-nodes", "-subj", "/CN=localhost", "-days", days])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder)
        .output()
        .expect("tests/run installs openssl");
    assert!(output.status.success(), "{output:?}");
}

fn config(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("config.toml");
    let shown = folder.display();
    let text = format!(
        "[http.tls]\ncertificate = \"{shown}/certificate.pem\"\nkey = \"file:{shown}/key.pem\"\n\
         [plugins.fs]\nroots = [\"{shown}\"]\n"
    );
    fs::write(&path, text).expect("there is room for a file");
    path
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn curl_and_openssl_and_python_get_what_they_ask_for_and_nothing_old() {
    let server = Sealed::start();
    for (option, version) in [("--http2", "2"), ("--http1.1", "1.1"), ("--tls-max", "2")] {
        let arguments: &[&str] = if option == "--tls-max" {
            &["--tls-max", "1.2"]
        } else {
            &[option]
        };
        let said = text(&server.curl(arguments));
        assert_eq!(
            said,
            format!("{{\"status\":\"ok\"}} 200 {version}"),
            "{option}"
        );
    }
    let weak = ["-cipher", "ALL:@SECLEVEL=0"];
    for (version, spoken) in [
        ("-tls1_3", "TLSv1.3"),
        ("-tls1_2", "TLSv1.2"),
        ("-tls1_1", ""),
        ("-tls1", ""),
    ] {
        let said = server.openssl(&[&[version], &weak[..]].concat());
        if spoken.is_empty() {
            assert!(
                !said.contains("CONNECTION ESTABLISHED"),
                "{version}: {said}"
            );
            assert!(said.contains("alert"), "refused by the server: {said}");
        } else {
            assert!(
                said.contains(&format!("Protocol version: {spoken}")),
                "{said}"
            );
        }
    }
    let script = "import ssl, sys, socket
context = ssl.create_default_context(cafile='certificate.pem')
context.set_alpn_protocols(['h2', 'http/1.1'])
with context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='localhost') as s:
    print(s.version(), s.selected_alpn_protocol())";
    let output = Command::new("python3")
        .args(["-c", script, &server.address.port().to_string()])
        .current_dir(server.folder.path())
        .output()
        .expect("tests/run installs Python");
    assert_eq!(text(&output).trim(), "TLSv1.3 h2");

    let mut plain = Connection::open(server.address);
    plain.send(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(plain.closed_within(Duration::from_secs(10)));
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    let server = Sealed::start();
    assert!(server.curl(&[]).status.success());
    // curl trusts nothing but the new one from here on.
    certificate(server.folder.path(), "60");
    let renewed = eventually(Duration::from_secs(20), || {
        server.curl(&[]).status.success().then_some(())
    });
    assert!(renewed.is_some(), "{}", server.process.stderr());

    fs::write(server.folder.path().join("key.pem"), "no key").expect("there is room");
    let said = eventually(Duration::from_secs(20), || {
        let said = server.process.stderr();
        said.contains("the old one stays").then_some(said)
    });
    let said = said.expect("it says so");
    assert!(said.contains("`http.tls.key`"), "{said}");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(
        server.process.stderr().matches("the old one stays").count(),
        1
    );
    assert!(server.curl(&[]).status.success());
}

#[test]
fn what_is_wrong_with_the_files_is_told_by_check_and_by_serve() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    certificate(folder.path(), "30");
    let path = config(folder.path());
    let run = |arguments: &[&str]| {
        let output = Command::new(Product::Standard.binary())
            .args(arguments)
            .arg("--config")
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .expect("the server was built");
        (output.status.code(), text(&output))
    };
    assert_eq!(run(&["check"]).0, Some(0), "{:?}", run(&["check"]));
    fs::remove_file(folder.path().join("key.pem")).expect("it is there");
    for arguments in [&["check"][..], &["--http", "127.0.0.1:0"]] {
        let (code, said) = run(arguments);
        assert_eq!(code, Some(2), "{said}");
        let place = format!("{}:3:1: `http.tls.key`:", path.display());
        assert!(said.contains(&place), "{said}");
        assert!(said.contains("key.pem cannot be read"), "{said}");
    }
}
