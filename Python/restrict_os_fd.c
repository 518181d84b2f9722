/* Descriptors as numbers, under os: only those that the guest opened itself.

   Each function asks restrict_file.c whether the number is the guest's own,
   and charges what it writes. */

#include "Python.h"
#include "pycore_fileutils.h"  // _Py_read()
#include "pycore_restrict.h"
#include "pycore_restrict_os.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- Descriptors -------------------------------------------------------- */

/* What a guest may ask open() for; the rest is dropped as the kernel would. */
#define OPEN_FLAGS                                                            \
    (O_ACCMODE | O_APPEND | O_CREAT | O_DIRECTORY | O_DSYNC | O_EXCL          \
     | O_NOFOLLOW | O_SYNC | O_TRUNC | O_TMPFILE | O_NONBLOCK | O_NOCTTY      \
     | O_CLOEXEC)

static PyObject *
os_open(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "flags", "mode", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    int flags, mode = 0777;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&i|i$O&:open", keywords,
                                     path_converter, &path, &flags, &mode,
                                     no_dir_fd, NULL))
    {
        return NULL;
    }
    int fd = _PyRestrict_OpenGuestFile(path.name, path_text(&path),
                                       flags & OPEN_FLAGS, mode & PERMISSIONS);
    path_clear(&path);
    return fd < 0 ? NULL : PyLong_FromLong(fd);
}

static PyObject *
os_close(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fd", NULL};
    int fd;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i:close", keywords, &fd)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    _PyRestrict_DisownDescriptor(fd);
    if (close(fd) < 0 && errno != EINTR) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

static PyObject *
os_read(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "in:read", &fd, &length)
        || _PyRestrict_CheckFile(fd) < 0)
    {
        return NULL;
    }
    if (length < 0) {
        errno = EINVAL;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    length = Py_MIN(length, _PY_READ_MAX);
    PyObject *buffer = PyBytes_FromStringAndSize(NULL, length);
    if (buffer == NULL) {
        return NULL;
    }
    Py_ssize_t n = _Py_read(fd, PyBytes_AS_STRING(buffer), length);
    if (n < 0) {
        Py_DECREF(buffer);
        return NULL;
    }
    if (n != length) {
        _PyBytes_Resize(&buffer, n);
    }
    return buffer;
}

static PyObject *
os_write(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd;
    Py_buffer data;
    if (!PyArg_ParseTuple(args, "iy*:write", &fd, &data)) {
        return NULL;
    }
    Py_ssize_t n = -1;
    if (_PyRestrict_CheckFile(fd) == 0
        && _PyRestrict_ChargeFile(fd, data.len) == 0)
    {
        n = _Py_write(fd, data.buf, data.len);
    }
    PyBuffer_Release(&data);
    return n < 0 ? NULL : PyLong_FromSsize_t(n);
}

static PyObject *
os_lseek(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd, whence;
    long long position;
    if (!PyArg_ParseTuple(args, "iLi:lseek", &fd, &position, &whence)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    off_t result = lseek(fd, position, whence);
    return result < 0 ? PyErr_SetFromErrno(PyExc_OSError)
                      : PyLong_FromLongLong(result);
}

static PyObject *
os_fstat(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fd", NULL};
    int fd;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i:fstat", keywords, &fd)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    return fstat(fd, &st) < 0 ? PyErr_SetFromErrno(PyExc_OSError)
                              : _PyRestrict_StatResult(&st);
}

/* For "O&": a descriptor, or what has one, of the guest's own. */
static int
descriptor_converter(PyObject *object, void *fd)
{
    *(int *)fd = PyObject_AsFileDescriptor(object);
    return *(int *)fd >= 0;
}

static PyObject *
sync_with(PyObject *args, PyObject *kwargs, const char *format,
          int (*sync)(int))
{
    static char *keywords[] = {"fd", NULL};
    int fd;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                     descriptor_converter, &fd))
    {
        return NULL;
    }
    int err;
    Py_BEGIN_ALLOW_THREADS
    err = sync(fd);
    Py_END_ALLOW_THREADS
    return err < 0 ? PyErr_SetFromErrno(PyExc_OSError) : Py_NewRef(Py_None);
}

static PyObject *
os_fsync(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return sync_with(args, kwargs, "O&:fsync", fsync);
}

static PyObject *
os_fdatasync(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return sync_with(args, kwargs, "O&:fdatasync", fdatasync);
}

/* Nothing of the guest's is a terminal; what is not its own is not either. */
static PyObject *
os_isatty(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd;
    if (!PyArg_ParseTuple(args, "i:isatty", &fd)) {
        return NULL;
    }
    Py_RETURN_FALSE;
}

static PyObject *
truncate_fd(int fd, long long length)
{
    if (_PyRestrict_CheckDescriptor(fd) < 0
        || _PyRestrict_ChargeTruncate(fd, length) < 0)
    {
        return NULL;
    }
    return ftruncate(fd, length) < 0 ? PyErr_SetFromErrno(PyExc_OSError)
                                     : Py_NewRef(Py_None);
}

static PyObject *
os_ftruncate(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fd", "length", NULL};
    int fd;
    long long length;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "iL:ftruncate", keywords,
                                     &fd, &length))
    {
        return NULL;
    }
    return truncate_fd(fd, length);
}

static PyObject *
os_truncate(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "length", NULL};
    path_arg path = PATH_OR_FD_ARG;
    long long length;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&L:truncate", keywords,
                                     path_converter, &path, &length))
    {
        return NULL;
    }
    if (path.fd >= 0) {
        return truncate_fd(path.fd, length);
    }
    PyObject *result = NULL;
    int fd = _PyRestrict_OpenGuestFile(path.name, path_text(&path), O_WRONLY,
                                       0);
    if (fd >= 0) {
        result = truncate_fd(fd, length);
        _PyRestrict_DisownDescriptor(fd);
        close(fd);
    }
    path_clear(&path);
    return result;
}

/* asyncio asks how many buffers one call can send; the rest is the
   machine's. */
static PyObject *
os_sysconf(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *name;
    if (!PyArg_ParseTuple(args, "O:sysconf", &name)) {
        return NULL;
    }
    if (PyUnicode_Check(name)
        && PyUnicode_CompareWithASCIIString(name, "SC_IOV_MAX") == 0)
    {
        return PyLong_FromLong(16);  // what POSIX promises
    }
    _PyRestrict_GuardCall("posix.sysconf");
    return NULL;
}

/* --- The table ---------------------------------------------------------- */

#define WITH_KEYWORDS(name)                                                   \
    {#name, _PyCFunction_CAST(os_##name), METH_VARARGS | METH_KEYWORDS, NULL}

PyMethodDef _PyRestrict_OsDescriptorFunctions[] = {
    WITH_KEYWORDS(close),
    WITH_KEYWORDS(fdatasync),
    WITH_KEYWORDS(fstat),
    WITH_KEYWORDS(fsync),
    WITH_KEYWORDS(ftruncate),
    {"isatty", os_isatty, METH_VARARGS, NULL},
    {"lseek", os_lseek, METH_VARARGS, NULL},
    WITH_KEYWORDS(open),
    {"read", os_read, METH_VARARGS, NULL},
    WITH_KEYWORDS(truncate),
    {"sysconf", os_sysconf, METH_VARARGS, NULL},
    {"write", os_write, METH_VARARGS, NULL},
    {NULL, NULL},
};

#endif /* WITH_RESTRICTED */
