/* Paths: which grant covers one, and making grants.

   A grant holds an O_PATH descriptor of a folder or file, taken when the host
   made the grant.  A path of the guest's becomes absolute and normal by its
   text alone, against a current directory that is the guest's own; then the
   grants are asked, and a path that none covers is refused before any system
   call.  What is left of the path is opened by restrict_beneath.c.

   Deciding, in the first half, is pure.  Memory is raw: it is the host's. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef O_PATH
#  define O_PATH 0
#endif

/* --- Text --------------------------------------------------------------- */

/* Append the components of `path` to the normal path `to`.  -1: too long. */
static int
append_components(char *to, size_t *len, const char *path)
{
    while (*path != '\0') {
        size_t n = strcspn(path, "/");
        if (n == 2 && path[0] == '.' && path[1] == '.') {
            while (*len > 0 && to[--*len] != '/') {
            }
        }
        else if (n > 0 && !(n == 1 && path[0] == '.')) {
            if (*len + 1 + n + 2 > PATH_MAX) {
                return -1;
            }
            to[(*len)++] = '/';
            memcpy(to + *len, path, n);
            *len += n;
        }
        path += n;
        path += strspn(path, "/");
    }
    return 0;
}

/* Does the path ask for a folder: by a slash, or "." or ".." at its end? */
static int
asks_for_folder(const char *path)
{
    const char *last = strrchr(path, '/');
    last = last != NULL ? last + 1 : path;
    return *last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

int
_PyRestrict_Normalize(const char *cwd, const char *path,
                      _PyRestrict_Path *result)
{
    size_t len = 0;
    if (*path == '\0') {
        errno = ENOENT;
        return -1;
    }
    if (strlen(path) >= PATH_MAX
        || (*path != '/' && cwd != NULL
            && append_components(result->text, &len, cwd) < 0)
        || append_components(result->text, &len, path) < 0)
    {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (len == 0) {
        result->text[len++] = '/';
    }
    result->text[len] = '\0';
    result->is_dir = asks_for_folder(path);
    return 0;
}

/* --- Deciding ----------------------------------------------------------- */

/* "/" has length 0 here, so that the same test does for it. */
static int
grant_covers(const struct _restrict_grant *grant, const char *path)
{
    if (strncmp(grant->path, path, grant->len) != 0) {
        return 0;
    }
    return path[grant->len] == '\0'
           || (grant->is_dir && path[grant->len] == '/');
}

const struct _restrict_grant *
_PyRestrict_NextGrant(const struct _restrict_files *files, const char *path,
                      int mode, int *next)
{
    while (*next < files->n_grants) {
        const struct _restrict_grant *grant = &files->grants[(*next)++];
        if ((grant->mode & mode) == mode && grant_covers(grant, path)) {
            return grant;
        }
    }
    return NULL;
}

int
_PyRestrict_ModeOf(const struct _restrict_files *files, const char *path)
{
    int mode = 0;
    for (int i = 0; i < files->n_grants; i++) {
        if (grant_covers(&files->grants[i], path)) {
            mode |= files->grants[i].mode;
        }
    }
    return mode;
}

int
_PyRestrict_IsOnTheWay(const struct _restrict_files *files, const char *path)
{
    size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
    for (int i = 0; i < files->n_grants; i++) {
        const struct _restrict_grant *grant = &files->grants[i];
        if (grant->len > len && strncmp(grant->path, path, len) == 0
            && grant->path[len] == '/')
        {
            return 1;
        }
    }
    return 0;
}

int
_PyRestrict_IsKnownFolder(const struct _restrict_files *files,
                          const char *path)
{
    for (int i = 0; i < files->n_grants; i++) {
        if (files->grants[i].is_dir
            && strcmp(files->grants[i].path, path) == 0)
        {
            return 1;
        }
    }
    return _PyRestrict_IsOnTheWay(files, path);
}

/* --- Making grants ------------------------------------------------------ */

static int
parse_mode(const char *mode)
{
    int result = strcmp(mode, "r") == 0   ? _PyRestrict_READ
                 : strcmp(mode, "w") == 0 ? _PyRestrict_WRITE
                 : strcmp(mode, "rw") == 0
                     ? _PyRestrict_READ | _PyRestrict_WRITE
                     : 0;
    if (result == 0) {
        PyErr_Format(PyExc_ValueError,
                     "mode must be \"r\", \"w\" or \"rw\", not \"%s\"", mode);
    }
    return result;
}

static int
bad_path(const char *path, const char *why)
{
    PyObject *name = PyUnicode_DecodeFSDefault(path);
    if (name != NULL) {
        PyErr_Format(PyExc_ValueError, "%s: %R", why, name);
        Py_DECREF(name);
    }
    return -1;
}

/* Take hold of what is at the path now. */
static int
make_grant(struct _restrict_grant *grant, const char *path, int want_dir)
{
    _PyRestrict_Path normal;
    struct stat st;
    if (path[0] != '/') {
        return bad_path(path, "the path is not absolute");
    }
    if (_PyRestrict_Normalize(NULL, path, &normal) < 0) {
        return bad_path(path, "the path is too long");
    }
    // By the host's own spelling: its ".." may well follow a link.
    grant->fd = open(path, O_PATH | O_CLOEXEC);
    if (grant->fd < 0 || fstat(grant->fd, &st) < 0) {
        return bad_path(path, strerror(errno));
    }
    if (want_dir ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
        return bad_path(path,
                        want_dir ? "not a directory" : "not a regular file");
    }
    grant->path = _PyMem_RawStrdup(normal.text);
    if (grant->path == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    grant->len = strcmp(normal.text, "/") == 0 ? 0 : strlen(normal.text);
    grant->is_dir = want_dir;
    grant->dev = st.st_dev;
    grant->ino = st.st_ino;
    return 0;
}

static void
clear_grant(struct _restrict_grant *grant)
{
    if (grant->fd >= 0) {
        close(grant->fd);
    }
    PyMem_RawFree(grant->path);
}

/* Put the grant at index `at`. */
static int
insert_grant(struct _restrict_grant **grants, int *n, int at,
             const struct _restrict_grant *grant)
{
    struct _restrict_grant *grown =
        PyMem_RawRealloc(*grants, (*n + 1) * sizeof(*grown));
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memmove(grown + at + 1, grown + at, (*n - at) * sizeof(*grown));
    grown[at] = *grant;
    *grants = grown;
    (*n)++;
    return 0;
}

static int
add_grant(PyInterpreterState *interp, const char *path, const char *mode,
          int want_dir)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    struct _restrict_grant grant = {.fd = -1};
    if (state == NULL || (grant.mode = parse_mode(mode)) == 0) {
        return -1;
    }
    struct _restrict_files *files = &state->files;
    int at = 0;
    int err = make_grant(&grant, path, want_dir);
    while (!err && at < files->n_grants && files->grants[at].len > grant.len) {
        at++;
    }
    if (err || insert_grant(&files->grants, &files->n_grants, at, &grant) < 0)
    {
        clear_grant(&grant);
        return -1;
    }
    return 0;
}

int
PyRestrict_AllowFile(PyInterpreterState *interp, const char *path,
                     const char *mode)
{
    return add_grant(interp, path, mode, 0);
}

int
PyRestrict_AllowDirectory(PyInterpreterState *interp, const char *path,
                          const char *mode)
{
    return add_grant(interp, path, mode, 1);
}

int
_PyRestrict_AddSourcePath(PyInterpreterState *interp, const char *path)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    struct _restrict_grant grant = {.fd = -1, .mode = _PyRestrict_READ};
    if (state == NULL) {
        return -1;
    }
    if (make_grant(&grant, path, 1) < 0
        || insert_grant(&state->files.sources, &state->files.n_sources,
                        state->files.n_sources, &grant)
               < 0)
    {
        clear_grant(&grant);
        return -1;
    }
    return 0;
}

int
_PyRestrict_SetWorkingDirectory(PyInterpreterState *interp, const char *path)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    _PyRestrict_Path normal;
    if (state == NULL) {
        return -1;
    }
    if (path[0] != '/' || _PyRestrict_Normalize(NULL, path, &normal) < 0) {
        return bad_path(path, "the path is not absolute");
    }
    char *copy = _PyMem_RawStrdup(normal.text);
    if (copy == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyMem_RawFree(state->files.cwd);
    state->files.cwd = copy;
    return 0;
}

/* --- Checking, for extension modules ------------------------------------ */

/* What is there must be beneath the grant as well, or not be there at all. */
static int
may_reach(const struct _restrict_files *files, const _PyRestrict_Path *path,
          int mode)
{
    int fd = _PyRestrict_OpenAt(files, path, mode, O_PATH, 0);
    if (fd >= 0) {
        close(fd);
        return 1;
    }
    return errno == ENOENT || errno == ENOTDIR;
}

int
_PyRestrict_PathCheck(const char *path, const char *mode)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    _PyRestrict_Path normal;
    if (state == NULL) {
        return 0;
    }
    int wanted = parse_mode(mode);
    if (wanted == 0) {
        return -1;
    }
    if (_PyRestrict_Normalize(state->files.cwd, path, &normal) == 0
        && may_reach(&state->files, &normal, wanted))
    {
        return 0;
    }
    PyObject *name = PyUnicode_DecodeFSDefault(path);
    if (name == NULL) {
        return -1;
    }
    _PyRestrict_DenyPath(name, path, wanted);
    Py_DECREF(name);
    return -1;
}

/* --- File-system information -------------------------------------------- */

int
PyRestrict_AllowFilesystemInfo(PyInterpreterState *interp)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    state->policy.filesystem_info = 1;
    return 0;
}

int
_PyRestrict_FilesystemInfoCheck(void)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL || state->policy.filesystem_info) {
        return 0;
    }
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_PERMISSION,
        .capability = "filesystem_info",
        .subject = "filesystem_info",
        .grant = "filesystem_info = true",
        .message = "file-system information is not allowed here",
    });
}

/* --- Ending ------------------------------------------------------------- */

static void
clear_grants(struct _restrict_grant *grants, int n)
{
    for (int i = 0; i < n; i++) {
        clear_grant(&grants[i]);
    }
    PyMem_RawFree(grants);
}

void
_PyRestrict_FilesFini(struct _restrict_files *files)
{
    _PyRestrict_CloseDescriptors(files);
    clear_grants(files->grants, files->n_grants);
    clear_grants(files->sources, files->n_sources);
    PyMem_RawFree(files->cwd);
    *files = (struct _restrict_files){0};
}

#endif /* WITH_RESTRICTED */
