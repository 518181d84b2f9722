/* The crippled file (003: "Reading/Writing Files").

   Each method of FileIO that reaches the operating system asks, wherever the
   object came from: its descriptor must be one that the running guest opened
   itself.  A file that leaked in from a trusted interpreter, and a descriptor
   that the guest guessed, are of no use to it.  Paths are opened by
   restrict_beneath.c, an opener's result must be a descriptor of the guest's.

   Which descriptors those are is a set of bits in the interpreter's state:
   set when we open, cleared before anybody closes.  What is left when the
   guest ends, also after a stop, is closed then; what is still in a buffer
   is written before (restrict_leave.c), but not after a stop.

   Bytes written are counted against a total before the write: a write past
   the cap does not happen at all, and the guest stops. */

#include "Python.h"
#include "pycore_fileutils.h"  // _Py_fstat_noraise()
#include "pycore_restrict.h"
#include "pycore_restrict_net.h"  // _PyRestrict_IsSocket()

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- The guest's descriptors ---------------------------------------------------- */

#define WORD(fd) ((size_t)(fd) / 64)
#define BIT(fd) ((uint64_t)1 << ((fd) % 64))

static struct _restrict_files *
get_files(void)
{
    return &_PyRestrict_GetState()->files;
}

static int
owned(const struct _restrict_files *files, int fd)
{
    return fd >= 0 && WORD(fd) < files->n_owned_words
           && (files->owned[WORD(fd)] & BIT(fd)) != 0;
}

static int
grow_set(struct _restrict_files *files, int fd)
{
    size_t n = WORD(fd) + 1;
    if (n <= files->n_owned_words) {
        return 0;
    }
    uint64_t *grown = PyMem_RawRealloc(files->owned, n * sizeof(uint64_t));
    if (grown == NULL) {
        return -1;
    }
    memset(grown + files->n_owned_words, 0,
           (n - files->n_owned_words) * sizeof(uint64_t));
    files->owned = grown;
    files->n_owned_words = n;
    return 0;
}

int
_PyRestrict_OwnDescriptor(int fd)
{
    struct _restrict_files *files = get_files();
    if (grow_set(files, fd) < 0) {
        close(fd);
        PyErr_NoMemory();
        return -1;
    }
    if (!owned(files, fd)) {
        files->owned[WORD(fd)] |= BIT(fd);
        files->n_open++;
    }
    return 0;
}

void
_PyRestrict_DisownDescriptor(int fd)
{
    struct _restrict_files *files = get_files();
    if (owned(files, fd)) {
        files->owned[WORD(fd)] &= ~BIT(fd);
        files->n_open--;
        if (_PyRestrict_GetState()->net != NULL) {
            _PyRestrict_NetDisown(_PyRestrict_GetState()->net, fd);
        }
    }
}

void
_PyRestrict_CloseDescriptors(struct _restrict_files *files)
{
    for (size_t i = 0; i < files->n_owned_words * 64; i++) {
        if (owned(files, (int)i)) {
            close((int)i);
        }
    }
    PyMem_RawFree(files->owned);
    files->owned = NULL;
    files->n_owned_words = 0;
}

static int
deny_descriptor(int fd)
{
    char subject[40];
    PyOS_snprintf(subject, sizeof(subject), "descriptor %d", fd);
    PyObject *name = PyLong_FromLong(fd);
    if (name == NULL) {
        return -1;
    }
    _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_PERMISSION,
        .capability = "file",
        .subject = subject,
        .message = "file descriptor is not allowed here",
        .filename = name,
    });
    Py_DECREF(name);
    return -1;
}

int
_PyRestrict_CheckDescriptor(int fd)
{
    return owned(get_files(), fd) ? 0 : deny_descriptor(fd);
}

/* A socket is no file: what it receives has a sender, and what it sends counts
   as traffic. */
int
_PyRestrict_CheckFile(int fd)
{
    if (_PyRestrict_CheckDescriptor(fd) < 0) {
        return -1;
    }
    return _PyRestrict_IsSocket(fd)
               ? _PyRestrict_DenySocket("a socket as a file")
               : 0;
}

int
_PyRestrict_CheckOpenFiles(void)
{
    struct _restrict_files *files = get_files();
    int cap = files->open_cap > 0 ? files->open_cap : _PyRestrict_OPEN_FILES;
    if (files->n_open < cap) {
        return 0;
    }
    errno = EMFILE;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

/* --- The amount written ------------------------------------------------------------ */

static int
charge(long long size)
{
    struct _restrict_files *files = get_files();
    if (files->size_cap >= 0 && size > files->size_cap - files->size_written) {
        return _PyRestrict_FileSizeExceeded();
    }
    files->size_written += size;
    return 0;
}

int
_PyRestrict_ChargeFile(int Py_UNUSED(fd), Py_ssize_t size)
{
    // One call writes no more than this (_Py_write()).
    return charge(Py_MIN(size, _PY_WRITE_MAX));
}

int
_PyRestrict_ChargeTruncate(int fd, long long size)
{
    struct stat st;
    if (get_files()->size_cap < 0 || fstat(fd, &st) < 0 || size <= st.st_size)
    {
        return 0;
    }
    return charge(size - st.st_size);
}

int
PyRestrict_SetFileSizeCap(PyInterpreterState *interp, long long bytes)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    if (bytes < -1) {
        PyErr_SetString(PyExc_ValueError, "a size cannot be negative");
        return -1;
    }
    state->files.size_cap = bytes;
    return 0;
}

int
PyRestrict_SetOpenFilesCap(PyInterpreterState *interp, int files)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    if (files < 0) {
        PyErr_SetString(PyExc_ValueError, "a number of files is negative");
        return -1;
    }
    state->files.open_cap = files;
    return 0;
}

/* The host may have started the guest in a folder that is none of its
   business: where it is shows only if a grant shows it too. */
const char *
_PyRestrict_ShownDirectory(void)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    const char *cwd = state->files.cwd;
    if (cwd != NULL
        && (state->policy.filesystem_info
            || _PyRestrict_ModeOf(&state->files, cwd) != 0
            || _PyRestrict_IsOnTheWay(&state->files, cwd)))
    {
        return cwd;
    }
    return "/";
}

/* --- Refusing ------------------------------------------------------------------------ */

/* Append text as a TOML basic string would hold it. */
static void
append_quoted(char *to, size_t size, const char *text)
{
    size_t n = strlen(to);
    for (; *text != '\0' && n + 3 < size; text++) {
        if (*text == '"' || *text == '\\') {
            to[n++] = '\\';
        }
        to[n++] = *text;
    }
    to[n] = '\0';
}

/* Is path this folder, or below it? */
static int
is_beneath(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0
           && (path[n] == '\0' || path[n] == '/');
}

/* Devices, which no grant covers, and what the kernel says of the process and
   lets it set: the host's memory is a file there. */
static int
is_of_the_system(const char *path)
{
    return is_beneath(path, "/proc") || is_beneath(path, "/sys")
           || (is_beneath(path, "/dev") && !is_beneath(path, "/dev/shm"));
}

/* Of what would it take a grant?  Writing may mean to create, which takes one
   of the folder.  1: of a folder, 0: of a file, -1: of nothing to offer. */
static int
what_to_grant(_PyRestrict_Path *path, int mode)
{
    int is_dir = path->is_dir || (mode & _PyRestrict_FOLDER);
    if (is_of_the_system(path->text)) {
        return -1;
    }
    if ((mode & _PyRestrict_WRITE) && !is_dir) {
        char *slash = strrchr(path->text, '/');
        slash[slash == path->text] = '\0';
        is_dir = 1;
    }
    // All files are too much to offer to a person in a hurry.
    return strcmp(path->text, "/") == 0 ? -1 : is_dir;
}

/* The policy entry that would allow it, or nothing.  It depends on the path's
   name alone: what is there is not looked at for a guest.  Mode 0: none
   would. */
static void
make_grant_text(char *to, size_t size, const char *path, int mode)
{
    _PyRestrict_Path normal;
    to[0] = '\0';
    if (mode == 0
        || _PyRestrict_Normalize(get_files()->cwd, path, &normal) < 0)
    {
        return;
    }
    int is_dir = what_to_grant(&normal, mode);
    if (is_dir < 0) {
        return;
    }
    mode &= ~_PyRestrict_FOLDER;
    const char *text = mode == _PyRestrict_READ    ? "r"
                       : mode == _PyRestrict_WRITE ? "w"
                                                   : "rw";
    PyOS_snprintf(to, size, "%s = {\"", is_dir ? "directories" : "files");
    append_quoted(to, size - 10, normal.text);
    size_t n = strlen(to);
    PyOS_snprintf(to + n, size - n, "\" = \"%s\"}", text);
}

/* The record is UTF-8, a path is any bytes. */
static PyObject *
as_utf8(const char *bytes)
{
    PyObject *text = PyUnicode_DecodeUTF8(bytes, strlen(bytes), "replace");
    PyObject *utf8 = text != NULL ? PyUnicode_AsUTF8String(text) : NULL;
    Py_XDECREF(text);
    return utf8;
}

int
_PyRestrict_DenyPath(PyObject *name, const char *path, int mode)
{
    char grant[2 * PATH_MAX + 100];  // each character may need a backslash
    make_grant_text(grant, sizeof(grant), path, mode);
    PyObject *subject = as_utf8(path);
    PyObject *entry = as_utf8(grant);
    if (subject != NULL && entry != NULL) {
        // With characters replaced, it would name another file.
        grant[0] = strcmp(grant, PyBytes_AS_STRING(entry)) == 0 ? grant[0]
                                                                : '\0';
        _PyRestrict_Deny(&(struct _restrict_request){
            .kind = _PyRestrict_PERMISSION,
            .capability = "file",
            .subject = PyBytes_AS_STRING(subject),
            .grant = grant[0] ? PyBytes_AS_STRING(entry) : NULL,
            .message = "file is not allowed here",
            .filename = name,
        });
    }
    Py_XDECREF(subject);
    Py_XDECREF(entry);
    return -1;
}

int
_PyRestrict_DenyOpen(const char *path)
{
    PyObject *name = PyUnicode_DecodeFSDefault(path);
    if (name != NULL) {
        _PyRestrict_DenyPath(name, path, _PyRestrict_READ);
        Py_DECREF(name);
    }
    return -1;
}

/* --- Opening ------------------------------------------------------------------------- */

/* Which rights do these flags of open() take? */
int
_PyRestrict_ModeOfFlags(int flags)
{
    int mode = (flags & O_ACCMODE) == O_RDONLY ? _PyRestrict_READ
               : (flags & O_ACCMODE) == O_WRONLY
                   ? _PyRestrict_WRITE
                   : _PyRestrict_READ | _PyRestrict_WRITE;
    if (flags & (O_CREAT | O_TRUNC)) {
        mode |= _PyRestrict_WRITE;
    }
    return mode;
}

/* A descriptor of the guest's, or -1 with an exception. */
int
_PyRestrict_OpenGuestFile(PyObject *name, const char *path, int flags,
                          mode_t permissions)
{
    struct _restrict_files *files = get_files();
    int mode = _PyRestrict_ModeOfFlags(flags);
    _PyRestrict_Path normal;
    int fd = -1;
    if (_PyRestrict_CheckOpenFiles() < 0) {
        return -1;
    }
    if (_PyRestrict_Normalize(files->cwd, path, &normal) == 0) {
        fd = _PyRestrict_OpenAt(files, &normal, mode, flags, permissions);
    }
    if (fd >= 0) {
        return _PyRestrict_OwnDescriptor(fd) < 0 ? -1 : fd;
    }
    if (errno == EXDEV) {
        return _PyRestrict_DenyPath(name, path, mode);
    }
    PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
    return -1;
}

int
_PyRestrict_OpenFile(PyObject *name, const char *path, int flags)
{
    return _PyRestrict_OpenGuestFile(name, path, flags, 0666);
}

#endif /* WITH_RESTRICTED */
