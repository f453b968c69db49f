# SPDX-License-Identifier: Apache-2.0
"""System call filters for programs that a test starts, by libseccomp.

    subprocess.run(command, preexec_fn=seccomp.refusing(["socket"], errno.EPERM))
    subprocess.run(command, preexec_fn=seccomp.killing(["socket"]))
"""
import ctypes
import ctypes.util

ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def library():
    """libseccomp, None if it is not installed."""
    name = ctypes.util.find_library("seccomp")
    if not name:
        return None
    lib = ctypes.CDLL(name)
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int,
                                           ctypes.c_uint, ctypes.c_void_p]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    return lib


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def filtered(names, action, equal=()):
    """@equal: pairs of an argument's index and value: only such calls are meant."""
    lib = library()
    equals = 4
    compares = (Compare * len(equal))(*(Compare(index, equals, value, 0) for index, value in equal))
    context = lib.seccomp_init(ALLOW)
    for name in names:
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0 or lib.seccomp_rule_add_array(context, action, number, len(equal),
                                                    ctypes.byref(compares)) < 0:
            raise ValueError(f"no such system call: {name}")

    def install():
        if lib.seccomp_load(context) < 0:
            raise OSError("the filter was refused")
    return install


def refusing(names, error, equal=()):
    return filtered(names, ERRNO | error, equal)


def killing(names):
    return filtered(names, KILL_PROCESS)
