/* What a thing beneath the grants is: os.stat(), os.access(); and changing
   that: os.chmod(), os.utime().

   Folders on the way to a grant answer stat() with nothing but that they are
   folders: their names are part of what the guest was granted. */

#include "Python.h"
#include "pycore_import.h"  // _PyImport_GetModuleAttrString()
#include "pycore_restrict.h"
#include "pycore_restrict_os.h"
#include "pycore_time.h"  // _PyTime_ObjectToTimespec()

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A name for what is held O_PATH, for calls that take no descriptor. */
static void
proc_name(int fd, char name[40])
{
    PyOS_snprintf(name, 40, "/proc/self/fd/%d", fd);
}

/* --- stat --------------------------------------------------------------- */

/* Of a time that may be far away. */
static PyObject *
nanoseconds(const struct timespec *ts)
{
    long long count;
    if (!__builtin_mul_overflow(ts->tv_sec, 1000000000LL, &count)
        && !__builtin_add_overflow(count, ts->tv_nsec, &count))
    {
        return PyLong_FromLongLong(count);
    }
    char text[40];
    int below = ts->tv_sec < 0;  // and counted upwards from there
    long long whole = below ? -(ts->tv_sec + (ts->tv_nsec > 0)) : ts->tv_sec;
    long part = below && ts->tv_nsec > 0 ? 1000000000 - ts->tv_nsec
                                         : ts->tv_nsec;
    PyOS_snprintf(text, sizeof(text), "%s%lld%09ld", below ? "-" : "", whole,
                  part);
    return PyLong_FromString(text, NULL, 10);
}

static int
set_times(PyObject *tuple, int i, const struct timespec *ts)
{
    double seconds = (double)ts->tv_sec + 1e-9 * (double)ts->tv_nsec;
    PyObject *whole = PyLong_FromLongLong(ts->tv_sec);
    PyObject *real = PyFloat_FromDouble(seconds);
    PyObject *ns = nanoseconds(ts);
    PyTuple_SET_ITEM(tuple, 7 + i, whole);
    PyTuple_SET_ITEM(tuple, 10 + i, real);
    PyTuple_SET_ITEM(tuple, 13 + i, ns);
    return whole != NULL && real != NULL && ns != NULL ? 0 : -1;
}

static PyObject *
stat_tuple(const struct stat *st)
{
    PyObject *tuple = PyTuple_New(19);
    if (tuple == NULL) {
        return NULL;
    }
    const long long numbers[] = {(long long)st->st_mode,
                                 (long long)st->st_ino,
                                 (long long)st->st_dev,
                                 (long long)st->st_nlink,
                                 st->st_uid,
                                 st->st_gid,
                                 st->st_size};
    const long long more[] = {st->st_blksize, st->st_blocks,
                              (long long)st->st_rdev};
    for (int i = 0; i < 7; i++) {
        PyTuple_SET_ITEM(tuple, i, PyLong_FromLongLong(numbers[i]));
    }
    for (int i = 0; i < 3; i++) {
        PyTuple_SET_ITEM(tuple, 16 + i, PyLong_FromLongLong(more[i]));
    }
    if (set_times(tuple, 0, &st->st_atim) < 0
        || set_times(tuple, 1, &st->st_mtim) < 0
        || set_times(tuple, 2, &st->st_ctim) < 0 || PyErr_Occurred())
    {
        Py_CLEAR(tuple);
    }
    return tuple;
}

PyObject *
_PyRestrict_StatResult(const struct stat *st)
{
    PyObject *type = _PyImport_GetModuleAttrString("posix", "stat_result");
    PyObject *tuple = type != NULL ? stat_tuple(st) : NULL;
    PyObject *result = tuple != NULL ? PyObject_CallOneArg(type, tuple) : NULL;
    Py_XDECREF(type);
    Py_XDECREF(tuple);
    return result;
}

/* 0, or -1 with an exception. */
int
_PyRestrict_StatPath(const path_arg *path, int follow, struct stat *st)
{
    int fd = _PyRestrict_ReachAny(path, follow);
    if (fd >= 0) {
        int err = fstat(fd, st);
        _PyRestrict_CloseKeepErrno(fd);
        if (err == 0) {
            return 0;
        }
    }
    else if (errno == EXDEV) {
        _PyRestrict_Path normal;
        struct _restrict_files *files = get_files();
        if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) == 0
            && _PyRestrict_IsOnTheWay(files, normal.text))
        {
            *st = (struct stat){.st_mode = S_IFDIR | 0555, .st_nlink = 1};
            return 0;
        }
        errno = EXDEV;
    }
    _PyRestrict_OsError(path, _PyRestrict_READ);
    return -1;
}

static PyObject *
os_stat(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "dir_fd", "follow_symlinks", NULL};
    path_arg path = PATH_OR_FD_ARG;
    int follow = 1;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$O&p:stat", keywords,
                                     path_converter, &path, no_dir_fd, NULL,
                                     &follow))
    {
        return NULL;
    }
    int err;
    if (path.fd >= 0) {
        // The truth of follow_symlinks is code of the guest's.
        err = _PyRestrict_CheckDescriptor(path.fd);
        if (err == 0) {
            err = fstat(path.fd, &st);
            if (err < 0) {
                PyErr_SetFromErrno(PyExc_OSError);
            }
        }
    }
    else {
        err = _PyRestrict_StatPath(&path, follow, &st);
    }
    path_clear(&path);
    return err < 0 ? NULL : _PyRestrict_StatResult(&st);
}

static PyObject *
os_lstat(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$O&:lstat", keywords,
                                     path_converter, &path, no_dir_fd, NULL))
    {
        return NULL;
    }
    int err = _PyRestrict_StatPath(&path, 0, &st);
    path_clear(&path);
    return err < 0 ? NULL : _PyRestrict_StatResult(&st);
}

/* What the grants allow bounds what the kernel would. */
static int
access_granted(const path_arg *path, int wanted)
{
    _PyRestrict_Path normal;
    struct _restrict_files *files = get_files();
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) < 0) {
        return 0;
    }
    int mode = _PyRestrict_ModeOf(files, normal.text);
    return (!(wanted & R_OK) || (mode & _PyRestrict_READ))
           && (!(wanted & W_OK) || (mode & _PyRestrict_WRITE));
}

static PyObject *
os_access(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {
        "path", "mode", "dir_fd", "effective_ids", "follow_symlinks", NULL};
    path_arg path = PATH_ARG;
    int mode, effective = 0, follow = 1;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&i|$O&pp:access",
                                     keywords, path_converter, &path, &mode,
                                     no_dir_fd, NULL, &effective, &follow))
    {
        return NULL;
    }
    int allowed = 0;
    int fd = _PyRestrict_ReachAny(&path, follow);
    if (fd >= 0) {
        char name[40];
        proc_name(fd, name);
        allowed = access_granted(&path, mode)
                  && (mode == F_OK || access(name, mode) == 0);
        close(fd);
    }
    else if (errno == EXDEV) {  // on the way to a grant, or refused
        allowed = _PyRestrict_StatPath(&path, follow, &st) == 0
                  && !(mode & W_OK);
        if (PyErr_ExceptionMatches(PyExc_OSError)) {
            PyErr_Clear();
        }
    }
    path_clear(&path);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(allowed);
}

/* --- Changing what a thing is ------------------------------------------- */

static PyObject *
fd_result(int fd, int err, const path_arg *path)
{
    _PyRestrict_CloseKeepErrno(fd);
    return err < 0 ? _PyRestrict_OsError(path, _PyRestrict_WRITE)
                   : Py_NewRef(Py_None);
}

/* What is held O_PATH must be a file or a folder: never a device. */
static int
reach_plain(const path_arg *path, int follow)
{
    struct stat st;
    int fd = _PyRestrict_Reach(path, _PyRestrict_WRITE,
                               follow ? 0 : O_NOFOLLOW);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
        close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

static PyObject *
os_chmod(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "mode", "dir_fd", "follow_symlinks",
                               NULL};
    path_arg path = PATH_ARG;
    int mode, follow = 1;
    char name[40];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&i|$O&p:chmod", keywords,
                                     path_converter, &path, &mode, no_dir_fd,
                                     NULL, &follow))
    {
        return NULL;
    }
    PyObject *result;
    int fd = reach_plain(&path, follow);
    if (fd < 0) {
        result = _PyRestrict_OsError(&path, _PyRestrict_WRITE);
    }
    else {
        proc_name(fd, name);
        result = fd_result(fd, chmod(name, mode & PERMISSIONS), &path);
    }
    path_clear(&path);
    return result;
}

static int
time_from_ns(PyObject *object, struct timespec *ts)
{
    long long ns = PyLong_AsLongLong(object);
    if (ns == -1 && PyErr_Occurred()) {
        return -1;
    }
    ts->tv_sec = ns / 1000000000;
    ts->tv_nsec = ns % 1000000000;
    if (ts->tv_nsec < 0) {
        ts->tv_nsec += 1000000000;
        ts->tv_sec--;
    }
    return 0;
}

static int
time_from_seconds(PyObject *object, struct timespec *ts)
{
    long nsec;
    int err = _PyTime_ObjectToTimespec(object, &ts->tv_sec, &nsec,
                                       _PyTime_ROUND_FLOOR);
    ts->tv_nsec = nsec;
    return err;
}

/* The two times, of either keyword; now if there is none. */
static int
times_arg(PyObject *times, PyObject *ns, struct timespec ts[2])
{
    PyObject *pair = ns != NULL ? ns : times;
    if (ns != NULL && times != Py_None) {
        PyErr_SetString(PyExc_ValueError,
                        "utime: you may specify either 'times' or 'ns' but "
                        "not both");
        return -1;
    }
    if (pair == Py_None) {
        ts[0].tv_nsec = ts[1].tv_nsec = UTIME_NOW;
        return 0;
    }
    if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) {
        PyErr_Format(PyExc_TypeError, "utime: '%s' must be %s",
                     ns != NULL ? "ns" : "times",
                     ns != NULL ? "a tuple of two ints"
                                : "either a tuple of two ints or None");
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        PyObject *item = PyTuple_GET_ITEM(pair, i);
        if ((ns != NULL ? time_from_ns(item, &ts[i])
                        : time_from_seconds(item, &ts[i]))
            < 0)
        {
            return -1;
        }
    }
    return 0;
}

static PyObject *
os_utime(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path",   "times",           "ns",
                               "dir_fd", "follow_symlinks", NULL};
    path_arg path = PATH_ARG;
    PyObject *times = Py_None, *ns = NULL, *result = NULL;
    int follow = 1;
    struct timespec ts[2] = {{0}};
    char name[40];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|O$OO&p:utime", keywords,
                                     path_converter, &path, &times, &ns,
                                     no_dir_fd, NULL, &follow))
    {
        return NULL;
    }
    if (times_arg(times, ns, ts) == 0) {
        int fd = reach_plain(&path, follow);
        if (fd < 0) {
            _PyRestrict_OsError(&path, _PyRestrict_WRITE);
        }
        else {
            proc_name(fd, name);
            result = fd_result(fd, utimensat(AT_FDCWD, name, ts, 0), &path);
        }
    }
    path_clear(&path);
    return result;
}

/* --- The table ---------------------------------------------------------- */

#define WITH_KEYWORDS(name)                                                   \
    {#name, _PyCFunction_CAST(os_##name), METH_VARARGS | METH_KEYWORDS, NULL}

PyMethodDef _PyRestrict_OsStatFunctions[] = {
    WITH_KEYWORDS(access), WITH_KEYWORDS(chmod), WITH_KEYWORDS(lstat),
    WITH_KEYWORDS(stat),   WITH_KEYWORDS(utime), {NULL, NULL},
};

#endif /* WITH_RESTRICTED */
