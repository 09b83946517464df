//! One build at a time in a cache: cargo would wait too, but without saying for whom.

use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
    thread,
};

use crate::{
    error::{AtPath, Result},
    interrupt::Interrupt,
    process::TICK,
};

/// Held while a build runs. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct BuildLock {
    _file: File,
}

impl BuildLock {
    /// Waits for the lock; `say` hears, once, for whom.
    pub(crate) fn take(
        path: &Path,
        interrupt: &Interrupt,
        mut say: impl FnMut(&str),
    ) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).at_path("create", folder)?;
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .at_path("open", path)?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error).at_path("lock", path),
            }
            if !told {
                let mut owner = String::new();
                // An unreadable owner is still an owner.
                let _read = file.rewind().and_then(|()| file.read_to_string(&mut owner));
                let owner = owner.trim();
                say(&format!(
                    "waiting for another mcp-factory build{}",
                    if owner.is_empty() {
                        String::new()
                    } else {
                        format!(" (pid {owner})")
                    }
                ));
                told = true;
            }
            interrupt.check()?;
            thread::sleep(TICK);
        }
        let pid = std::process::id().to_string();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(pid.as_bytes()))
            .at_path("write", path)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[test]
    fn the_second_build_waits_and_says_for_whom() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("build.lock");
        let interrupt = Interrupt::default();
        let first = BuildLock::take(&path, &interrupt, |_| panic!("nobody to wait for")).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                BuildLock::take(&path, &interrupt, |text| {
                    sender.send(text.to_owned()).unwrap();
                })
            });
            let said = receiver.recv_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(
                said,
                format!(
                    "waiting for another mcp-factory build (pid {})",
                    std::process::id()
                )
            );
            drop(first);
            waiting.join().unwrap().unwrap();
        });
    }
}
