//! One script's process, started without a shell, in a process group of its own, and never left behind.
//!
//! The child changes into the script's directory through a descriptor that was opened beneath the root
//! (`/proc/self/fd/N`), and executes `./NAME`. So a directory above the script that is replaced after the check has no
//! effect. The server does not execute the script's own descriptor, although that would pin the file as well. An
//! interpreter has to open a `#!` script by its path, that descriptor is closed by then, and `$0` would be of no use.
//! Replacing a file in the script's own directory takes the right to write scripts there, and then needs no trick.
//!
//! Everything the library opens is closed on execution. Between fork and execution happens only what `posix_spawn` can
//! do, so that the standard library may use the fast way of starting a process (`CLONE_VFORK`).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

use super::script::Script;

/// Time from SIGTERM to SIGKILL for a process group: 1 s, for programs that clean up. A thread waits meanwhile.
const TERM_GRACE: Duration = Duration::from_secs(1);

/// Longest wait for a killed process on the current thread: 1 s. One that the system itself holds up is left to a
/// thread of its own.
const REAP_TIMEOUT: Duration = Duration::from_secs(1);

/// Interval between two checks whether a process has exited, where no descriptor reports it: 2 ms.
pub(super) const EXIT_CHECK_INTERVAL: Duration = Duration::from_millis(2);

/// A running script. Dropping it ends its whole process group.
#[derive(Debug)]
pub(super) struct Process {
    /// `None` once another thread has to reap it.
    child: Option<Child>,
    group: Pid,
    /// A descriptor that reports the end (`pidfd_open`), made for the first wait.
    watch: Option<OwnedFd>,
    status: Option<ExitStatus>,
}

/// The server's ends of a script's standard streams.
#[derive(Debug)]
pub(super) struct Pipes {
    pub stdin: Option<ChildStdin>,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

impl Process {
    /// Starts `script` with these arguments and exactly this environment.
    ///
    /// # Errors
    /// The interpreter does not exist, the format is unknown, or the system has no processes or descriptors left.
    pub(super) fn start(
        script: &Script,
        arguments: &[OsString],
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        stdin: Stdio,
    ) -> io::Result<(Self, Pipes)> {
        let mut program = OsString::from("./");
        program.push(OsStr::from_bytes(&script.name));
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(variables).current_dir(directory_path(script)).process_group(0);
        let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let pipes = Pipes {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().expect("it was asked for"),
            stderr: child.stderr.take().expect("it was asked for"),
        };
        let group = Pid::from_child(&child);
        Ok((Process { child: Some(child), group, watch: None, status: None }, pipes))
    }

    /// Sets the soft limit of descriptors of the process. There is no safe way to set it between fork and execution.
    #[cfg(target_os = "linux")]
    pub(super) fn limit_descriptors(&self, soft: u64) {
        use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
        let hard = getrlimit(Resource::Nofile).maximum;
        let soft = hard.map_or(soft, |hard| hard.min(soft));
        // Fails if the process has ended already, or belongs to another user by its set-user-ID bit.
        let _ = prlimit(Some(self.group), Resource::Nofile, Rlimit { current: Some(soft), maximum: hard });
    }

    /// Does nothing, since the system has no call for it.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn limit_descriptors(&self, _: u64) {}

    /// Returns the exit status if the process has ended, and reaps it.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        if let (None, Some(child)) = (self.status, &mut self.child) {
            // An error says that there is no such child. Where SIGCHLD is ignored, the system reaps them.
            self.status = child.try_wait().unwrap_or(Some(ExitStatus::default()));
        }
        self.status
    }

    /// Returns whether the process has ended. Does not reap it, so that no other group gets its group's number.
    pub(super) fn has_ended(&self) -> bool {
        self.status.is_some() || !matches!(self.exit_status_unreaped(), Ok(None))
    }

    /// Asks for the end without reaping. An error says that the process is not ours any more.
    fn exit_status_unreaped(&self) -> rustix::io::Result<Option<WaitIdStatus>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.group), options)
    }

    /// Returns a descriptor that can be read once the process has ended, where the system has such descriptors.
    pub(super) fn watch(&mut self) -> Option<BorrowedFd<'_>> {
        #[cfg(target_os = "linux")]
        if self.watch.is_none() {
            use rustix::process::{PidfdFlags, pidfd_open};
            // Fails before Linux 5.3. The process is then checked at intervals.
            self.watch = pidfd_open(self.group, PidfdFlags::empty()).ok();
        }
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// Waits until the process has ended, without reaping it. Returns false if `timeout` passes first.
    fn wait(&mut self, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        while !self.has_ended() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            match self.watch() {
                // The loop looks again after an interrupted wait as after any other.
                Some(watch) => drop(poll(&mut [PollFd::from_borrowed_fd(watch, PollFlags::IN)], Some(&timespec(left)))),
                None => thread::sleep(EXIT_CHECK_INTERVAL.min(left)),
            }
        }
        true
    }

    /// Ends the group and reaps the process.
    fn end(&mut self) {
        if self.exit_status_unreaped().is_err() {
            return;
        }
        // The group keeps its number until the process is reaped. An error says that the group is empty already.
        let _ = kill_process_group(self.group, Signal::TERM);
        self.wait(TERM_GRACE);
        let _ = kill_process_group(self.group, Signal::KILL);
        let is_over = self.wait(REAP_TIMEOUT);
        let Some(mut child) = self.child.take() else { return };
        if is_over {
            // It has ended, so this does not wait, and cannot fail.
            let _ = child.wait();
        } else {
            // Without a thread it stays a zombie until the server ends; the system is in trouble already.
            let _ = thread::Builder::new().name("basehttp-reaper".into()).spawn(move || child.wait());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended, but is not reaped, may have others in its group that go on.
        if self.status.is_none() {
            self.end();
        }
    }
}

#[cfg(target_os = "linux")]
fn directory_path(script: &Script) -> String {
    use std::os::fd::AsRawFd;
    // The child has this descriptor until it executes the script.
    format!("/proc/self/fd/{}", script.directory.as_raw_fd())
}

#[cfg(not(target_os = "linux"))]
fn directory_path(script: &Script) -> &std::path::Path {
    &script.directory_path
}

/// Converts a duration for poll(2).
pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}
