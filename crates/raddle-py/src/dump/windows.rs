//! A named pipe that only the user of its process can open.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_IO_PENDING, ERROR_NO_DATA, ERROR_PIPE_BUSY, ERROR_PIPE_CONNECTED, ERROR_SEM_TIMEOUT,
    GENERIC_READ, HANDLE, INVALID_HANDLE_VALUE, LocalFree, WAIT_OBJECT_0,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW,
    SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING,
    PIPE_ACCESS_DUPLEX, ReadFile, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT, WriteFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::{
    ConnectNamedPipe, CreateNamedPipeW, DisconnectNamedPipe, GetNamedPipeServerProcessId,
    PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT, WaitNamedPipeW,
};
use windows_sys::Win32::System::Threading::{
    CreateEventW, GetCurrentProcess, INFINITE, OpenProcess, OpenProcessToken,
    PROCESS_QUERY_LIMITED_INFORMATION, WaitForSingleObject,
};

use super::answer;

/// What the system keeps of an answer until it is read, in bytes.
const ROOM: u32 = 1 << 16;

/// How long an asker waits for the one before it, in milliseconds.
const PATIENCE: u32 = 5000;

/// How long an asker may take to read a part of its answer, or to go, in milliseconds.
const ALLOWED: u32 = 2000;

/// A pipe that is listened at.
pub(super) struct Place {
    name: Vec<u16>,
    pipe: Pipe,
}

impl Place {
    /// Makes it; nobody else can have one of that name then.
    pub(super) fn open(name: &str) -> io::Result<Self> {
        let name = wide(name);
        let security = Security::own()?;
        let attributes = SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).expect("it is small"),
            lpSecurityDescriptor: security.0,
            bInheritHandle: 0,
        };
        let access = PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED;
        let mode = PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
        // SAFETY: a name that ends in a null, numbers, and a descriptor that lives until then.
        let pipe = unsafe {
            let attributes = &raw const attributes;
            handle(CreateNamedPipeW(name.as_ptr(), access, mode, 1, ROOM, 0, 0, attributes))?
        };
        Ok(Self { name, pipe: Pipe::new(pipe)? })
    }

    /// Waits for an asker.
    pub(super) fn accept(&self) -> io::Result<Asker<'_>> {
        loop {
            // SAFETY: it begins a step of that pipe, with that state, and uses nothing else.
            let came = unsafe {
                self.pipe.step(INFINITE, |pipe, state| ConnectNamedPipe(pipe, state))
            };
            match came {
                // The asker was there first.
                Err(error) if is(&error, ERROR_PIPE_CONNECTED) => {}
                // It was, and has gone.
                Err(error) if is(&error, ERROR_NO_DATA) => {
                    self.pipe.disconnect();
                    continue;
                }
                came => {
                    came?;
                }
            }
            return Ok(Asker { pipe: &self.pipe });
        }
    }

    /// Has `accept` return.
    pub(super) fn wake(&self) {
        drop(connect(&self.name));
    }

    /// Nothing: the pipe goes with the last that has it open.
    #[allow(clippy::unused_self, reason = "on other systems it leaves a file")]
    pub(super) fn leave(&self) {}

    /// Nothing: there are no forks.
    #[allow(clippy::unused_self, reason = "on other systems it closes a descriptor")]
    pub(super) fn abandon(&self) {}
}

/// An asker that is connected, until it is dropped.
pub(super) struct Asker<'a> {
    pipe: &'a Pipe,
}

impl Asker<'_> {
    /// Gives it an answer, and waits until it has gone: what it has not read by then is lost. One
    /// that neither reads nor goes is not waited for.
    pub(super) fn give(&mut self, answer: &[u8]) -> io::Result<()> {
        answer::write(self, answer)?;
        let mut byte = [0];
        // SAFETY: it begins a step of that pipe, with that state; there is room for one byte until
        // that is over.
        let gone_or_given_up = unsafe {
            self.pipe.step(ALLOWED, |pipe, state| {
                ReadFile(pipe, byte.as_mut_ptr(), 1, ptr::null_mut(), state)
            })
        };
        drop(gone_or_given_up);
        Ok(())
    }
}

impl Write for Asker<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // (In parts, so that it is seen whether they are read.)
        let part = bytes.len().min(ROOM as usize);
        // SAFETY: it begins a step of that pipe, with that state; there are so many bytes until that
        // is over.
        unsafe {
            self.pipe.step(ALLOWED, |pipe, state| {
                WriteFile(pipe, bytes.as_ptr(), part as u32, ptr::null_mut(), state)
            })
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Asker<'_> {
    fn drop(&mut self) {
        self.pipe.disconnect();
    }
}

/// A pipe's end at which each step can be given up, and what is told when one is over. Used by one
/// thread at a time.
struct Pipe {
    pipe: OwnedHandle,
    over: OwnedHandle,
}

impl Pipe {
    fn new(pipe: OwnedHandle) -> io::Result<Self> {
        // SAFETY: nothing but numbers; it is set when a step is over, and unset by the next.
        let over = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
        if over.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: made just now, and nobody else's.
        Ok(Self { pipe, over: unsafe { OwnedHandle::from_raw_handle(over) } })
    }

    /// Takes a step, for at most so many milliseconds; returns how many bytes it has moved.
    ///
    /// # Safety
    /// `begin` begins one on the pipe that it is given, with what it is given to say how that
    /// goes; what else it uses is there until this returns.
    unsafe fn step(
        &self,
        millis: u32,
        begin: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32,
    ) -> io::Result<usize> {
        let pipe = self.pipe.as_raw_handle();
        let mut state =
            OVERLAPPED { hEvent: self.over.as_raw_handle(), ..OVERLAPPED::default() };
        let state = &raw mut state;
        if begin(pipe, state) == 0 {
            let error = io::Error::last_os_error();
            if !is(&error, ERROR_IO_PENDING) {
                return Err(error);
            }
        }
        let mut moved = 0;
        // SAFETY: open handles, and the state of the step that has begun. It stays here until the
        // system has done with it: a step that is given up is waited for as well.
        unsafe {
            let over = WaitForSingleObject(self.over.as_raw_handle(), millis) == WAIT_OBJECT_0;
            if !over {
                CancelIoEx(pipe, state);
            }
            check(GetOverlappedResult(pipe, state, &raw mut moved, 1))?;
        }
        Ok(moved as usize)
    }

    /// Has no asker any more; what has not been read is lost.
    fn disconnect(&self) {
        // SAFETY: an open pipe.
        unsafe { DisconnectNamedPipe(self.pipe.as_raw_handle()) };
    }
}

/// Asks whoever listens at a pipe, which has to be process `pid`.
pub(super) fn ask(name: &str, pid: u32) -> io::Result<impl Read + Send + 'static> {
    let name = wide(name);
    let pipe = match connect(&name) {
        // Somebody else is being answered.
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            // SAFETY: a name that ends in a null. (If it is in vain, the second try says so.)
            unsafe { WaitNamedPipeW(name.as_ptr(), PATIENCE) };
            connect(&name)?
        }
        pipe => pipe?,
    };
    let mut server = 0;
    // SAFETY: an open pipe, and a place for a number.
    let known =
        unsafe { GetNamedPipeServerProcessId(pipe.as_raw_handle(), &raw mut server) } != 0;
    if known && server == pid && is_own(pid)? {
        Ok(File::from(pipe))
    } else {
        Err(ErrorKind::PermissionDenied.into())
    }
}

/// Whether there is a pipe of that name.
pub(super) fn is_there(name: &str) -> bool {
    let name = wide(name);
    // SAFETY: a name that ends in a null; it waits a millisecond at most.
    let free = unsafe { WaitNamedPipeW(name.as_ptr(), 1) } != 0;
    free || is(&io::Error::last_os_error(), ERROR_SEM_TIMEOUT)
}

/// Opens a pipe for reading. (Whoever is at its other end may not act in this user's name.)
fn connect(name: &[u16]) -> io::Result<OwnedHandle> {
    let flags = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
    // SAFETY: a name that ends in a null, and numbers.
    let opened = unsafe {
        let none = ptr::null_mut();
        handle(CreateFileW(
            name.as_ptr(),
            GENERIC_READ,
            0,
            ptr::null(),
            OPEN_EXISTING,
            flags,
            none,
        ))
    };
    opened.map_err(|error| {
        if is(&error, ERROR_PIPE_BUSY) { ErrorKind::WouldBlock.into() } else { error }
    })
}

/// A description of who may use a thing.
struct Security(PSECURITY_DESCRIPTOR);

impl Security {
    /// This process' user alone.
    fn own() -> io::Result<Self> {
        // SAFETY: this process' own handle, which needs no closing.
        let sid = unsafe { user_of(GetCurrentProcess()) }?;
        // Nothing is inherited ("P"), and everything (GA) allowed (A) to this user.
        let words = wide(&format!("D:P(A;;GA;;;{sid})"));
        let mut made = ptr::null_mut();
        // SAFETY: a text that ends in a null, and a place for what is made of it.
        check(unsafe {
            let (revision, made) = (SDDL_REVISION_1, &raw mut made);
            let size = ptr::null_mut();
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                words.as_ptr(),
                revision,
                made,
                size,
            )
        })?;
        Ok(Self(made))
    }
}

/// Whether a process is this one's user's.
fn is_own(pid: u32) -> io::Result<bool> {
    // SAFETY: it takes numbers.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if process.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: handles that are open: one that was made just now, and this process' own.
    unsafe {
        let process = OwnedHandle::from_raw_handle(process);
        Ok(user_of(process.as_raw_handle())? == user_of(GetCurrentProcess())?)
    }
}

/// The number of the user of a process.
///
/// # Safety
/// The handle is open.
unsafe fn user_of(process: HANDLE) -> io::Result<String> {
    let mut token = ptr::null_mut();
    // SAFETY: an open process, says the caller, and a place for a handle.
    check(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: a handle that was made just now, and is nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // (In words of eight bytes, as its alignment asks; the user's number comes behind it.)
    let mut user = [0u64; 32];
    let mut size = u32::try_from(size_of_val(&user)).expect("it is small");
    let mut text = ptr::null_mut();
    // SAFETY: an open token, and a place of that size; what is found there is a TOKEN_USER, whose
    // number is in the same place.
    unsafe {
        let at = user.as_mut_ptr().cast();
        let token = token.as_raw_handle();
        check(GetTokenInformation(token, TokenUser, at, size, &raw mut size))?;
        let sid = (*at.cast::<TOKEN_USER>()).User.Sid;
        check(ConvertSidToStringSidW(sid, &raw mut text))?;
    }
    // SAFETY: a text that ends in a null, made just now, and let go of once.
    unsafe {
        let length = (0..).take_while(|&n| *text.add(n) != 0).count();
        let sid = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(sid)
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: what `own` made, once.
        unsafe { LocalFree(self.0.cast()) };
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn check(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error().is_some_and(|found| found.cast_unsigned() == code)
}

/// # Safety
/// The handle was made just now, if it is one, and is nobody else's.
unsafe fn handle(made: HANDLE) -> io::Result<OwnedHandle> {
    if made == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as the caller says.
    Ok(unsafe { OwnedHandle::from_raw_handle(made) })
}
