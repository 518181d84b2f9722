/* How a program of a guest ends.

   A whole program (restrict.run(), the command line) ends as Python's do: what
   was registered with atexit runs, then the names of __main__ go, and with
   them what they hold: finalizers run, files are closed, under the limits.

   An interpreter that is closed runs no more code of the guest.  But what the
   guest has written to files that it left open is not lost: buffers of the
   files that open() makes are written out before.  That takes C alone, as long
   as nobody has put a method of their own in the way; such files are left
   out. */

#include "Python.h"
#include "pycore_moduleobject.h"  // _PyModule_Clear()
#include "pycore_object.h"        // _PyObject_GetDictPtr()
#include "pycore_pylifecycle.h"   // _PyAtExit_Call()
#include "pycore_restrict.h"
#include "pycore_restrict_run.h"

#ifdef WITH_RESTRICTED

#include "../Modules/_io/_iomodule.h"  // _PyIO_State

/* --- Files that were left open ------------------------------------------------------- */

struct found {
    PyObject **files;  // raw memory, references
    size_t n, allocated;
};

static _PyIO_State *
io_state(PyTypeObject *type)
{
    PyObject *module = type->tp_flags & Py_TPFLAGS_HEAPTYPE
                           ? ((PyHeapTypeObject *)type)->ht_module
                           : NULL;
    return module != NULL && PyModule_Check(module)
                   && PyModule_GetDef(module) == &_PyIO_Module
               ? get_io_state(module)
               : NULL;
}

static int
is_buffer(const _PyIO_State *state, PyObject *object)
{
    return Py_IS_TYPE(object, state->PyBufferedWriter_Type)
           || Py_IS_TYPE(object, state->PyBufferedRandom_Type);
}

static int
is_writer(PyObject *object)
{
    const _PyIO_State *state = io_state(Py_TYPE(object));
    return state != NULL
           && (Py_IS_TYPE(object, state->PyTextIOWrapper_Type)
               || is_buffer(state, object));
}

/* Has it no attributes but those that open() sets? */
static int
is_plain(PyObject *object)
{
    PyObject **dict = _PyObject_GetDictPtr(object), *name;
    Py_ssize_t pos = 0;
    while (dict != NULL && *dict != NULL
           && PyDict_Next(*dict, &pos, &name, NULL))
    {
        if (!PyUnicode_CheckExact(name)
            || (!_PyUnicode_EqualToASCIIString(name, "mode")
                && !_PyUnicode_EqualToASCIIString(name, "name")))
        {
            return 0;
        }
    }
    return 1;
}

static int
collect(PyObject *object, void *arg)
{
    struct found *found = arg;
    if (!is_writer(object)) {
        return 1;
    }
    if (found->n == found->allocated) {
        size_t more = 2 * found->allocated + 16;
        PyObject **files = PyMem_RawRealloc(found->files,
                                            more * sizeof(*files));
        if (files == NULL) {
            return 0;
        }
        found->files = files;
        found->allocated = more;
    }
    found->files[found->n++] = Py_NewRef(object);
    return 1;
}

/* A new reference to what an attribute of C holds; NULL: it was detached. */
static PyObject *
get_below(PyObject *file, const char *name)
{
    PyObject *below = is_plain(file) ? PyObject_GetAttrString(file, name)
                                     : NULL;
    PyErr_Clear();
    return below;
}

static int
is_plain_buffer(const _PyIO_State *state, PyObject *file)
{
    PyObject *raw = is_buffer(state, file) ? get_below(file, "raw") : NULL;
    int plain = raw != NULL && Py_IS_TYPE(raw, state->PyFileIO_Type)
                && is_plain(raw);
    Py_XDECREF(raw);
    return plain;
}

/* Is the file, down to the descriptor, as open() made it?  One of text may
   have itself for a buffer. */
static int
is_plain_file(PyObject *file)
{
    const _PyIO_State *state = io_state(Py_TYPE(file));
    if (!Py_IS_TYPE(file, state->PyTextIOWrapper_Type)) {
        return is_plain_buffer(state, file);
    }
    PyObject *buffer = get_below(file, "buffer");
    int plain = buffer != NULL && is_plain_buffer(state, buffer);
    Py_XDECREF(buffer);
    return plain;
}

static void
flush(PyObject *file)
{
    PyObject *result = is_plain_file(file)
                           ? PyObject_CallMethodNoArgs(file, &_Py_ID(flush))
                           : Py_NewRef(Py_None);
    if (result == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(result);
}

static void
flush_kind(const struct found *found, int text)
{
    for (size_t i = 0; i < found->n; i++) {
        PyObject *file = found->files[i];
        const _PyIO_State *state = io_state(Py_TYPE(file));
        if (Py_IS_TYPE(file, state->PyTextIOWrapper_Type) == text) {
            flush(file);
        }
    }
}

/* Text goes to the buffers below it first. */
void
_PyRestrict_FlushFiles(PyInterpreterState *interp)
{
    struct found found = {NULL};
    if (interp->restricted->files.n_open == 0) {
        return;
    }
    PyUnstable_GC_VisitObjects(collect, &found);
    flush_kind(&found, 1);
    flush_kind(&found, 0);
    for (size_t i = 0; i < found.n; i++) {
        Py_DECREF(found.files[i]);
    }
    PyMem_RawFree(found.files);
}

/* --- A whole program ----------------------------------------------------------------- */

void
_PyRestrict_LeaveProgram(PyInterpreterState *interp)
{
    _PyAtExit_Call(interp);
    PyObject *module = PyImport_AddModuleRef("__main__");
    if (module != NULL) {
        _PyModule_Clear(module);
        Py_DECREF(module);
    }
    PyErr_Clear();
}

#endif /* WITH_RESTRICTED */
