//! One script's process: started without a shell, in a group of its own, and never left behind.
//!
//! How it is executed: the script's directory was opened beneath the root, the child changes into it by that descriptor
//! (`/proc/self/fd/N`), and executes `./NAME`. So no directory above the script can be exchanged for one outside after it was
//! looked at. The script's own descriptor is not what is executed, although that would pin the file too: an interpreter
//! is given the path of a `#!` script to open, and by then that descriptor must be closed; and its `$0` would tell it
//! nothing. Who can exchange a name in the script's own directory can write scripts there, and needs no trick.
//!
//! Everything the library opens is closed on execution. Nothing is done between fork and execution but what
//! `posix_spawn` does, so that the fast way of starting a process (`CLONE_VFORK`) stays open to it.

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

/// How long a group that was asked to end (SIGTERM) may take until it has to (SIGKILL): 1 s, for what cleans up behind
/// itself; a thread waits meanwhile.
const TERM_GRACE: Duration = Duration::from_secs(1);

/// How long a killed process is waited for on the spot: 1 s. One that the system itself holds up is left to a thread.
const REAP_PATIENCE: Duration = Duration::from_secs(1);

/// How often a process is looked at where no descriptor tells of its end: every 2 ms.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// A running script. Dropped while it runs, it takes its whole group along.
#[derive(Debug)]
pub struct Process {
    /// `None` once it is somebody else's to reap.
    child: Option<Child>,
    group: Pid,
    /// Tells of its end (`pidfd_open`); made when it is first waited for.
    watch: Option<OwnedFd>,
    status: Option<ExitStatus>,
}

/// Our ends of its standard streams.
#[derive(Debug)]
pub struct Pipes {
    pub stdin: Option<ChildStdin>,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

impl Process {
    /// Starts `script` with these arguments and exactly this environment.
    ///
    /// # Errors
    /// The system's: no interpreter of that name, a format it does not know, no processes or descriptors left.
    pub fn start(
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

    /// Sets its soft limit of descriptors, which it has inherited. Between fork and execution there is no safe way to.
    #[cfg(target_os = "linux")]
    pub fn limit_descriptors(&self, soft: u64) {
        use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
        let hard = getrlimit(Resource::Nofile).maximum;
        let soft = hard.map_or(soft, |hard| hard.min(soft));
        // An error: it has ended already, or it is another user's by its own set-user-ID bit.
        let _ = prlimit(Some(self.group), Resource::Nofile, Rlimit { current: Some(soft), maximum: hard });
    }

    /// Does nothing: the system has no call for it.
    #[cfg(not(target_os = "linux"))]
    pub fn limit_descriptors(&self, _: u64) {}

    /// How it has ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        if let (None, Some(child)) = (self.status, &mut self.child) {
            // An error says that there is no such child: a program that ignores SIGCHLD has the system reap them.
            self.status = child.try_wait().unwrap_or(Some(ExitStatus::default()));
        }
        self.status
    }

    /// Whether it has ended. It is not reaped by this, so that its group cannot become another's.
    pub fn has_ended(&self) -> bool {
        self.status.is_some() || !matches!(self.look(), Ok(None))
    }

    /// An error: it is not ours any more.
    fn look(&self) -> rustix::io::Result<Option<WaitIdStatus>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.group), options)
    }

    /// A descriptor that can be read once the process has ended, where the system has such.
    pub fn watch(&mut self) -> Option<BorrowedFd<'_>> {
        #[cfg(target_os = "linux")]
        if self.watch.is_none() {
            use rustix::process::{PidfdFlags, pidfd_open};
            // Older than Linux 5.3: then it is looked at now and then.
            self.watch = pidfd_open(self.group, PidfdFlags::empty()).ok();
        }
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// Waits until it has ended, without reaping it. False if it has not by then.
    fn wait(&mut self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while !self.has_ended() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            match self.watch() {
                // An interrupted wait is as good as any other: it is looked at again.
                Some(watch) => drop(poll(&mut [PollFd::from_borrowed_fd(watch, PollFlags::IN)], Some(&timespec(left)))),
                None => thread::sleep(LOOK_INTERVAL.min(left)),
            }
        }
        true
    }

    /// Ends the group and reaps the process.
    fn end(&mut self) {
        if self.look().is_err() {
            return;
        }
        // As long as it is not reaped, the group is its own. Nobody left in it to take the signal is as well.
        let _ = kill_process_group(self.group, Signal::TERM);
        self.wait(TERM_GRACE);
        let _ = kill_process_group(self.group, Signal::KILL);
        let is_over = self.wait(REAP_PATIENCE);
        let Some(mut child) = self.child.take() else { return };
        if is_over {
            // It has ended: this does not wait, and cannot fail.
            let _ = child.wait();
        } else {
            // Without a thread it stays a zombie until the server ends; the system is in trouble already.
            let _ = thread::Builder::new().name("basehttp-reaper".into()).spawn(move || child.wait());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Not whether it has ended: others of its group may go on.
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

/// A duration as poll(2) takes it.
pub fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}
