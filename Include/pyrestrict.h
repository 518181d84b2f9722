/* Restricted interpreters: run Python code that the program does not trust.

   A *trusted* interpreter has no policy, no restriction and no cost.  A
   *restricted* one is a sub-interpreter with its own GIL and allocator, in
   which only reviewed names exist, and which has a policy: what it may use,
   and how much of it.

   How to use it, from a thread that holds the GIL of any interpreter:

       PyThreadState *host = PyThreadState_Get();
       PyThreadState *guest = PyRestrict_NewInterpreter();
       PyInterpreterState *interp = PyThreadState_GetInterpreter(guest);
       PyRestrict_SetMemoryCap(interp, 64 << 20);
       PyRun_SimpleString(untrusted_source);
       Py_EndInterpreter(guest);
       PyThreadState_Swap(host);

   Setters take the interpreter that they change and return 0, or -1 with an
   exception set; on a trusted interpreter they fail with SystemError.  They
   are called while no other thread runs that interpreter: what it is allowed
   and its caps are read without a lock.  PyRestrict_Cancel() and
   PyRestrict_GetUsage() are for any time.  Check
   macros take what to return as their last argument: on refusal they record
   a denial, set the exception and return it from the calling function; in a
   trusted interpreter they do nothing.

   The interface follows the design document of Brett Cannon (python-dev,
   2006), which left the prefix of the names open. */

#ifndef Py_PYRESTRICT_H
#define Py_PYRESTRICT_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_LIMITED_API

/* --- Life of a restricted interpreter ----------------------------------- */

/* What a new restricted interpreter starts with.  Set `size` to
   sizeof(PyRestrictConfig), zero the rest, then fill in what you need: a
   field added by a later release is then zero, its default.  A config of a
   later release is taken as long as what this one does not know is zero. */
typedef struct {
    size_t size;         /* sizeof(PyRestrictConfig), the version */
    int filesystem_info; /* 1: paths may show; see
                                PyRestrict_AllowFilesystemInfo() */
    int true_stdin;      /* 1: the real streams, not in-memory ones */
    int true_stdout;
    int true_stderr;
} PyRestrictConfig;

/* Return the thread state of a new restricted interpreter with the default
   policy; it is current on return.  End it with Py_EndInterpreter().
   NULL without an exception when it cannot be made, as Py_NewInterpreter():
   there is no thread state to hold one. */
PyAPI_FUNC(PyThreadState *) PyRestrict_NewInterpreter(void);

/* The same with a config; a NULL config means the defaults.  On success
   *tstate is current; on error it is NULL, the caller's thread state stays
   current and the status says why. */
PyAPI_FUNC(PyStatus) PyRestrict_NewInterpreterFromConfig(
    PyThreadState **tstate, const PyRestrictConfig *config);

/* 1 if interp is restricted, else 0.  Never fails. */
PyAPI_FUNC(int) PyRestrict_IsRestricted(PyInterpreterState *interp);

/* --- What extension modules ask ------------------------------------------ */

/* Refuse unless the running code is trusted. */
PyAPI_FUNC(int) _PyRestrict_TrustedCheck(const char *function);
#define PyRestrict_Trusted(error_return)                                      \
    do {                                                                      \
        if (_PyRestrict_TrustedCheck(__func__) < 0) {                         \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* --- Modules ---------------------------------------------------------------- */

/* Allow, or take from the list of those allowed, an extension or built-in
   module by its full dotted name; a package's name covers its submodules.
   The default list is what the surface table reviews.

   An extension module is found on the sys.path of the current interpreter if
   that is trusted, of the main one if not, and imported there; guests make
   modules of their own from its definition.  ImportError if it is not found,
   is Python source alone, or does not declare multi-phase initialization with
   Py_MOD_PER_INTERPRETER_GIL_SUPPORTED.  The host answers for what an allowed
   module does: the guards of this file are for its author. */
PyAPI_FUNC(int) PyRestrict_AllowModule(PyInterpreterState *interp,
                                       const char *name);
PyAPI_FUNC(int) PyRestrict_BlockModule(PyInterpreterState *interp,
                                       const char *name);

/* RestrictedImportError unless the running interpreter may import name. */
PyAPI_FUNC(int) _PyRestrict_ModuleCheck(const char *name);
#define PyRestrict_CheckModule(name, error_return)                            \
    do {                                                                      \
        if (_PyRestrict_ModuleCheck(name) < 0) {                              \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* --- File-system information, streams ----------------------------------------- */

/* Let __file__, __path__, co_filename and tracebacks show paths.  Covers
   what is imported and compiled from then on. */
PyAPI_FUNC(int) PyRestrict_AllowFilesystemInfo(PyInterpreterState *interp);
PyAPI_FUNC(int) _PyRestrict_FilesystemInfoCheck(void);
#define PyRestrict_CheckFilesystemInfo(error_return)                          \
    do {                                                                      \
        if (_PyRestrict_FilesystemInfoCheck() < 0) {                          \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Use the process's own stream in place of the in-memory one, for
   sys.stdin and sys.__stdin__, and so on. */
PyAPI_FUNC(int) PyRestrict_UseTrueStdin(PyInterpreterState *interp);
PyAPI_FUNC(int) PyRestrict_UseTrueStdout(PyInterpreterState *interp);
PyAPI_FUNC(int) PyRestrict_UseTrueStderr(PyInterpreterState *interp);

/* --- Protections of extension modules ------------------------------------------ */

/* A module names what it protects by a group, its own name, and a type; the
   host sets what the guest may do, and the module asks.  Strings are UTF-8.  A
   (group, type) is of the kind that it was first set as: another setter of it
   fails with TypeError.  The group "Python" is reserved: ValueError.  What was
   not set, or is of another kind than the module asks for, is refused. */

/* Allow it. */
PyAPI_FUNC(int) PyRestrict_ExtendedSetTrue(PyInterpreterState *interp,
                                           const char *group,
                                           const char *type);
PyAPI_FUNC(int) _PyRestrict_ExtendedTrueCheck(const char *group,
                                              const char *type);
#define PyRestrict_ExtendedCheckTrue(group, type, error_return)               \
    do {                                                                      \
        if (_PyRestrict_ExtendedTrueCheck(group, type) < 0) {                 \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Allow that much of it to be in use at a time.  Alloc takes more, Free gives
   back: SystemError when that is more than was taken. */
PyAPI_FUNC(int) PyRestrict_ExtendedValueCap(PyInterpreterState *interp,
                                            const char *group,
                                            const char *type, Py_ssize_t cap);
PyAPI_FUNC(int) _PyRestrict_ExtendedValueCharge(const char *group,
                                                const char *type,
                                                Py_ssize_t increase);
PyAPI_FUNC(int) _PyRestrict_ExtendedValueRefund(const char *group,
                                                const char *type,
                                                Py_ssize_t decrease);
#define PyRestrict_ExtendedValueAlloc(group, type, increase, error_return)    \
    do {                                                                      \
        if (_PyRestrict_ExtendedValueCharge(group, type, increase) < 0)       \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define PyRestrict_ExtendedValueFree(group, type, decrease, error_return)     \
    do {                                                                      \
        if (_PyRestrict_ExtendedValueRefund(group, type, decrease) < 0)       \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Allow one more string. */
PyAPI_FUNC(int) PyRestrict_ExtendedAddMembership(PyInterpreterState *interp,
                                                 const char *group,
                                                 const char *type,
                                                 const char *string);
PyAPI_FUNC(int) _PyRestrict_ExtendedMembershipCheck(const char *group,
                                                    const char *type,
                                                    const char *string);
#define PyRestrict_ExtendedCheckMembership(group, type, string, error_return) \
    do {                                                                      \
        if (_PyRestrict_ExtendedMembershipCheck(group, type, string) < 0)     \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Allow this string, in place of the one set before. */
PyAPI_FUNC(int) PyRestrict_ExtendedSetValue(PyInterpreterState *interp,
                                            const char *group,
                                            const char *type,
                                            const char *string);
PyAPI_FUNC(int) _PyRestrict_ExtendedValueCheck(const char *group,
                                               const char *type,
                                               const char *string);
#define PyRestrict_ExtendedCheckValue(group, type, string, error_return)      \
    do {                                                                      \
        if (_PyRestrict_ExtendedValueCheck(group, type, string) < 0) {        \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* --- Guarded mode ------------------------------------------------------------ */

/* Run code, a str or a code object of the host's, restricted, in the calling
   trusted interpreter and among its live objects.  globals is a dict of the
   guest's own, locals a mapping, and builtins a mapping of names: it is copied
   and sealed, and replaces the builtins for the code and for every function,
   class, generator and so on that it defines, whoever calls them later.
   Without `__import__` in it the guest cannot import.  A new reference to
   None, or NULL with an exception.

   Weaker than a restricted interpreter: see the documentation. */
PyAPI_FUNC(PyObject *) PyRestrict_GuardedExec(PyObject *code,
                                              PyObject *globals,
                                              PyObject *locals,
                                              PyObject *builtins);

/* --- Files ---------------------------------------------------------------------- */

/* Let the guest open a file, or all that is below a directory, in `mode`: "r"
   reads; "w" creates, truncates, appends, renames and removes, and does not
   read; "rw" is both.  The path is absolute and exists: what is there now is
   what is granted, whatever has its name later.  Grants add up. */
PyAPI_FUNC(int) PyRestrict_AllowFile(PyInterpreterState *interp,
                                     const char *path, const char *mode);
PyAPI_FUNC(int) PyRestrict_AllowDirectory(PyInterpreterState *interp,
                                          const char *path, const char *mode);

/* Refuse unless the grants cover the path in `mode`, and what is there now is
   beneath one.  What then opens the file by name could still be led out, by a
   symbolic link that is put there meanwhile. */
PyAPI_FUNC(int) _PyRestrict_PathCheck(const char *path, const char *mode);
#define PyRestrict_CheckPath(path, mode, error_return)                        \
    do {                                                                      \
        if (_PyRestrict_PathCheck(path, mode) < 0) {                          \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* How many bytes the guest may write to files in all; -1: any number.  A
   write past it does not happen, and the guest stops. */
PyAPI_FUNC(int) PyRestrict_SetFileSizeCap(PyInterpreterState *interp,
                                          long long bytes);
/* How many files it may have open at a time; 0: the default, 256. */
PyAPI_FUNC(int) PyRestrict_SetOpenFilesCap(PyInterpreterState *interp,
                                           int files);

/* --- Network ------------------------------------------------------------------- */

/* Let the guest send to, receive from and listen at an address, or all of a
   network ("192.0.2.0/24", "2001:db8::/32"), IPv4 or IPv6, on a port; 0: on
   any.  What it connects and sends to must be covered, address and port, and
   so must be what it listens at; of who connects to it, the address alone.
   Grants add up, and are made while the guest does not run. */
PyAPI_FUNC(int) PyRestrict_AllowIPAddress(PyInterpreterState *interp,
                                          const char *ip, int port);
PyAPI_FUNC(int) PyRestrict_AllowIPAddressRange(PyInterpreterState *interp,
                                               const char *ip, int first_port,
                                               int last_port);

/* Let the guest reach a host by name.  It is looked up now, for at most five
   seconds, and the guest can reach only the addresses found.  One that is
   loopback, private, link-local, multicast, unspecified, reserved or a
   cloud's metadata service is left out unless PyRestrict_AllowIPAddress()
   allowed it before.  OSError: it cannot be looked up; ValueError: no address
   is left. */
PyAPI_FUNC(int) PyRestrict_AllowHost(PyInterpreterState *interp,
                                     const char *host, int port);
PyAPI_FUNC(int) PyRestrict_AllowHostRange(PyInterpreterState *interp,
                                          const char *host, int first_port,
                                          int last_port);

/* Let the guest ask for the machine's name, its interfaces and own addresses,
   names of addresses, services and protocols. */
PyAPI_FUNC(int) PyRestrict_AllowNetworkInfo(PyInterpreterState *interp);

/* Refuse unless the guest may reach the address, or look up the host, on the
   port; 0 asks for any port. */
PyAPI_FUNC(int) _PyRestrict_IPAddressCheck(const char *ip, int port);
PyAPI_FUNC(int) _PyRestrict_HostCheck(const char *host, int port);
PyAPI_FUNC(int) _PyRestrict_NetworkInfoCheck(void);
#define PyRestrict_CheckIPAddress(ip, port, error_return)                     \
    do {                                                                      \
        if (_PyRestrict_IPAddressCheck(ip, port) < 0) {                       \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define PyRestrict_CheckHost(host, port, error_return)                        \
    do {                                                                      \
        if (_PyRestrict_HostCheck(host, port) < 0) {                          \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define PyRestrict_CheckNetworkInfo(error_return)                             \
    do {                                                                      \
        if (_PyRestrict_NetworkInfoCheck() < 0) {                             \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* How many sockets the guest may have open at a time; 0: the default, 64. */
PyAPI_FUNC(int) PyRestrict_SetSocketsCap(PyInterpreterState *interp,
                                         int sockets);
/* How many bytes it may send and receive in all; -1: any number.  What would
   go past it is not sent, and the guest stops. */
PyAPI_FUNC(int) PyRestrict_SetNetBytesCap(PyInterpreterState *interp,
                                          long long bytes);

/* --- Limits ------------------------------------------------------------------- */

/* A limit that is reached ends the guest: no `except`, `finally`, `__del__`
   or other code of it runs any more, and whatever runs it returns with an
   exception set that derives from BaseException alone.  Only a single large
   request for memory (over 64 KiB) that does not fit fails as MemoryError,
   and the guest may go on.

   A cap may be set again while the guest is not running, lower or higher;
   a guest that was stopped stays stopped.

   Cpu and wall are budgets over the interpreter's life, for the time in which
   its thread state is the one of an operating system thread: from
   PyThreadState_Swap() to it (or the making of the interpreter) until another
   thread state is swapped in.  A thread that let it go with
   PyEval_SaveThread() is blocked inside the guest as far as one can see, and
   the clocks run on; swap to a thread state of your own when the guest is to
   wait.  Cpu is that of the thread, in the same periods. */

/* Bytes of memory, counted as the process pays for them: arenas of 1 MiB,
   larger blocks, frames.  An interpreter starts at 2 to 3 MiB. */
PyAPI_FUNC(int) PyRestrict_SetMemoryCap(PyInterpreterState *interp,
                                        Py_ssize_t bytes);
/* Seconds, more than 0. */
PyAPI_FUNC(int) PyRestrict_SetCPUCap(PyInterpreterState *interp,
                                     double seconds);
PyAPI_FUNC(int) PyRestrict_SetWallCap(PyInterpreterState *interp,
                                      double seconds);
/* A step is one function call or one loop iteration of Python code. */
PyAPI_FUNC(int) PyRestrict_SetStepCap(PyInterpreterState *interp,
                                      uint64_t steps);
/* Bytes written to stdout and stderr together. */
PyAPI_FUNC(int) PyRestrict_SetOutputCap(PyInterpreterState *interp,
                                        Py_ssize_t bytes);

/* Stop the guest as a limit does.  From any thread, with or without a thread
   state, as long as the interpreter exists. */
PyAPI_FUNC(int) PyRestrict_Cancel(PyInterpreterState *interp);

/* What the guest used until now. */
typedef struct {
    Py_ssize_t memory;      /* bytes in use */
    Py_ssize_t peak_memory; /* the most that was ever in use */
    double cpu;             /* seconds */
    double wall;
    uint64_t steps;    /* 0 without a step cap: then nobody counts */
    Py_ssize_t output; /* bytes */
    unsigned long long denials;
} PyRestrictUsage;
PyAPI_FUNC(int) PyRestrict_GetUsage(PyInterpreterState *interp,
                                    PyRestrictUsage *usage);

/* Charge the running interpreter for `bytes` of memory that an extension gets
   outside PyMem and PyObject, before it gets them; MemoryError when they do
   not fit.  Free gives them back, and is called once for each Alloc. */
PyAPI_FUNC(int) _PyRestrict_MemoryCharge(Py_ssize_t bytes);
PyAPI_FUNC(void) _PyRestrict_MemoryRefund(Py_ssize_t bytes);
#define PyRestrict_MemoryAlloc(bytes, error_return)                           \
    do {                                                                      \
        if (_PyRestrict_MemoryCharge(bytes) < 0) {                            \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define PyRestrict_MemoryFree(bytes) _PyRestrict_MemoryRefund(bytes)

/* --- The record of refusals ------------------------------------------------ */

/* One refused operation; equal ones are merged.  Strings are UTF-8, owned by
   the record, and free of control characters. */
typedef struct {
    const char *capability; /* "attribute", "call", "import", "file", ... */
    const char *subject;    /* what was refused, as the guest named it */
    const char *filename;   /* the guest's source file, "" if not known */
    int line;               /* and line, 0 if not known */
    const char *grant;      /* what of the policy would allow it, or NULL */
    unsigned long long count;
    double first_time; /* seconds since the epoch */
    double last_time;
} PyRestrictDenial;

/* Called for each denial on the thread that runs the guest, with no
   interpreter's objects to touch: it must not call the Python API, other
   than to copy what it is given.  NULL removes it. */
typedef void (*PyRestrictDenialHook)(const PyRestrictDenial *denial,
                                     void *arg);
PyAPI_FUNC(int) PyRestrict_SetDenialHook(PyInterpreterState *interp,
                                         PyRestrictDenialHook callback,
                                         void *arg);

#endif /* !Py_LIMITED_API */

#ifdef __cplusplus
}
#endif
#endif /* !Py_PYRESTRICT_H */
