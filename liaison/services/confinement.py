"""Taking everything away from a process that is about to read hostile bytes; knows nothing of files or pictures.

What stays is memory up to a limit, processor time up to a limit, and the descriptors that are open already. On Linux
(x86_64, aarch64) the kernel refuses every other call, as root or not, so that a decoder somebody took over reaches no
file, no network and no other process. Elsewhere the limits hold alone.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from contextlib import suppress

_CALLS = {
    # By machine: its name in the kernel's audit, clone, and the numbers of: read write close fstat lseek mmap mprotect
    # munmap brk mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn restart_syscall sched_yield sched_getaffinity
    # getpid gettid futex clock_gettime getrandom set_robust_list rseq exit exit_group (linux/audit.h, asm/unistd.h).
    "x86_64": (
        0xC000003E,
        56,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 25, 28, 13, 14, 15, 219, 24, 204, 39, 186, 202, 228, 318, 273, 334, 60, 231),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 216, 233, 134, 135, 139, 128, 124, 123, 172, 178, 98, 113, 278, 99,
         293, 93, 94),
    ),
}
_CLONE3 = 435
_CLONE_THREAD = 0x00010000
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS, _PR_SET_PDEATHSIG = 22, 2, 38, 1
_LOAD, _IF_EQUAL, _IF_SET, _RETURN = 0x20, 0x15, 0x45, 0x06  # linux/bpf_common.h
_ALLOW, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # SECCOMP_RET_ALLOW; _ERRNO with EPERM, with ENOSYS
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where seccomp_data holds them
_NOBODY = 65534
_KILL = 9
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def step_down(niceness: int) -> None:
    """Give up root, where we are root and may, and come after everybody else on the processor."""
    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0:
        with suppress(OSError):  # a container may withhold even that from its root
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, _KILL, 0, 0, 0)


def confine(cpu_seconds: int, memory_bytes: int) -> bool:
    """Take away all but memory, time and open descriptors, for good; returns whether the kernel refuses the rest."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return _seal()


def _seal() -> bool:
    if _LIBC is None or platform.machine() not in _CALLS or sys.maxsize < 2**32:
        return False
    rules = _rules(*_CALLS[platform.machine()])
    code = ctypes.create_string_buffer(rules, len(rules))
    program = _Program(len(rules) // 8, ctypes.addressof(code))
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0


def _rules(architecture: int, clone: int, calls: tuple[int, ...]) -> bytes:
    """The filter in the kernel's small language, which jumps forward by a number of steps.

    Another architecture or a call not in the list is refused. A thread may be begun, as the decoder of HEIC does, but
    no process: clone3 hides what it begins behind a pointer, and said to be unknown makes way for clone.
    """
    count = len(calls)
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_IF_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_IF_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _UNKNOWN)]
    steps += [(_IF_EQUAL, 0, 2, clone), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_IF_SET, count + 1, count, _CLONE_THREAD)]
    steps += [(_IF_EQUAL, count - place, 0, call) for place, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
