/* What the files of `os` share (Python/restrict_os*.c): a guest's path as an
   argument, what it names, and how to fail.  Included by them alone. */

#ifndef Py_INTERNAL_RESTRICT_OS_H
#define Py_INTERNAL_RESTRICT_OS_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

#define PERMISSIONS 0777  // no set-user-id from a guest

/* === Arguments ========================================================== */

/* A path as the guest gave it.  __fspath__ is called once. */
typedef struct {
    PyObject *name;   // str or bytes, for exceptions; owned
    PyObject *bytes;  // owned
    int fd;           // if may_be_fd and it is an int, else -1
    int may_be_fd;
} path_arg;

#define PATH_ARG {NULL, NULL, -1, 0}
#define PATH_OR_FD_ARG {NULL, NULL, -1, 1}

static inline void
path_clear(path_arg *path)
{
    Py_CLEAR(path->name);
    Py_CLEAR(path->bytes);
}

/* For "O&". */
static inline int
path_converter(PyObject *object, void *arg)
{
    path_arg *path = arg;
    if (object == NULL) {  // a later argument failed
        path_clear(path);
        return 1;
    }
    if (path->may_be_fd && PyIndex_Check(object)) {
        path->fd = PyObject_AsFileDescriptor(object);
        return path->fd >= 0;  // it is the guest's own
    }
    path->name = PyOS_FSPath(object);
    if (path->name == NULL || !PyUnicode_FSConverter(path->name, &path->bytes))
    {
        path_clear(path);
        return 0;
    }
    return Py_CLEANUP_SUPPORTED;
}

static inline const char *
path_text(const path_arg *path)
{
    return PyBytes_AS_STRING(path->bytes);
}

/* A folder by descriptor would be a way around the grants.  For "O&". */
static inline int
no_dir_fd(PyObject *object, void *Py_UNUSED(arg))
{
    if (object != NULL && object != Py_None) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "dir_fd unavailable in a restricted interpreter");
        return 0;
    }
    return 1;
}

static inline struct _restrict_files *
get_files(void)
{
    return &_PyRestrict_GetState()->files;
}

/* === Failing (restrict_os_path.c) ======================================= */

/* The exception for errno, after `path` could not be opened or used: EXDEV is
   a refusal of `mode` on it.  Always NULL. */
extern PyObject *_PyRestrict_OsError(const path_arg *path, int mode);
extern PyObject *_PyRestrict_OsDeny(const path_arg *path, int mode);

/* === Reaching the file system (restrict_os_path.c) ====================== */

/* A descriptor of what the path names, O_PATH, or -1 with errno. */
extern int _PyRestrict_Reach(const path_arg *path, int mode, int flags);
/* Whatever the grants allow: to look at a thing takes any of them. */
extern int _PyRestrict_ReachAny(const path_arg *path, int follow);

/* A name in a folder that we hold. */
typedef struct {
    int dirfd;
    const char *name;  // points into the path
    int mode;          // of the grant that the folder is beneath
    _PyRestrict_Path path;
} place;

/* 0, or -1 with an exception. */
extern int _PyRestrict_FindPlace(const path_arg *path, int mode, place *at);
/* Close, and turn the result of the system call into one of a function. */
extern PyObject *_PyRestrict_PlaceResult(place *at, int err,
                                         const path_arg *path);

/* str or bytes. */
extern PyObject *_PyRestrict_OsName(const char *name, int as_bytes);

/* === What a thing is (restrict_os_stat.c) =============================== */

/* 0, or -1 with an exception. */
extern int _PyRestrict_StatPath(const path_arg *path, int follow,
                                struct stat *st);
/* An os.stat_result. */
extern PyObject *_PyRestrict_StatResult(const struct stat *st);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_OS_H */
