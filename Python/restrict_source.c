/* The texts that a guest runs, for the lines that tracebacks show.

   What the host gives to run and what is imported from a folder of the policy
   is kept with the very object that its code has as file name.  So each frame
   finds its own text, also when many have the same name, as the cells of a
   notebook do; and a text goes when nothing but the list refers to the object
   any longer, as its code is gone. */

#include "Python.h"
#include "pycore_interp.h"
#include "pycore_pystate.h"  // _PyInterpreterState_GET()
#include "pycore_restrict_run.h"

#ifdef WITH_RESTRICTED

#define MAX_SOURCES 100
#define MAX_LENGTH                                                            \
    ((Py_ssize_t)1 << 20)  // characters; no lines of longer ones
#define MAX_SHOWN 4000     // of a line

/* A list of (file name, text), the newest last; borrowed. */
static PyObject *
get_sources(void)
{
    PyObject *dict = PyInterpreterState_GetDict(_PyInterpreterState_GET());
    PyObject *list = NULL;
    if (dict == NULL) {
        return PyErr_NoMemory();
    }
    if (PyDict_GetItemStringRef(dict, "restrict.sources", &list) == 0) {
        list = PyList_New(0);
        if (list != NULL
            && PyDict_SetItemString(dict, "restrict.sources", list) < 0)
        {
            Py_CLEAR(list);
        }
    }
    Py_XDECREF(list);
    return list;
}

static PyObject *
name_of(PyObject *list, Py_ssize_t i)
{
    return PyTuple_GET_ITEM(PyList_GET_ITEM(list, i), 0);
}

static int
drop_unused(PyObject *list)
{
    for (Py_ssize_t i = PyList_GET_SIZE(list) - 1; i >= 0; i--) {
        if (Py_REFCNT(name_of(list, i)) == 1
            && PyList_SetSlice(list, i, i + 1, NULL) < 0)
        {
            return -1;
        }
    }
    return PyList_GET_SIZE(list) < MAX_SOURCES
               ? 0
               : PyList_SetSlice(list, 0, 1, NULL);
}

/* filename is what the text is about to be compiled with. */
int
_PyRestrict_KeepSource(PyObject *filename, PyObject *text)
{
    PyObject *list = get_sources();
    if (list == NULL || drop_unused(list) < 0) {
        return -1;
    }
    if (PyUnicode_GET_LENGTH(text) > MAX_LENGTH) {
        return 0;
    }
    PyObject *entry = PyTuple_Pack(2, filename, text);
    int err = entry == NULL || PyList_Append(list, entry) < 0;
    Py_XDECREF(entry);
    return err ? -1 : 0;
}

/* The text of that very name or, if asked for, the last one of an equal one;
   borrowed.  NULL: there is none, or an exception is set. */
static PyObject *
find_text(PyObject *filename, int or_equal)
{
    PyObject *list = get_sources(), *equal = NULL;
    for (Py_ssize_t i = list ? PyList_GET_SIZE(list) - 1 : -1; i >= 0; i--) {
        PyObject *text = PyTuple_GET_ITEM(PyList_GET_ITEM(list, i), 1);
        if (name_of(list, i) == filename) {
            return text;
        }
        if (or_equal && equal == NULL
            && _PyUnicode_EQ(name_of(list, i), filename))
        {
            equal = text;
        }
    }
    return equal;
}

/* What the guest has as restrict._source(filename): a text or None. */
PyObject *
_PyRestrict_Source(PyObject *Py_UNUSED(module), PyObject *filename)
{
    PyObject *text = PyUnicode_CheckExact(filename) ? find_text(filename, 1)
                                                    : NULL;
    return text != NULL || PyErr_Occurred() ? Py_XNewRef(text)
                                            : Py_NewRef(Py_None);
}

/* Where the line that begins at start ends, and at *next the next begins. */
static Py_ssize_t
end_of_line(PyObject *text, Py_ssize_t start, Py_ssize_t *next)
{
    Py_ssize_t end = start, length = PyUnicode_GET_LENGTH(text);
    while (end < length && PyUnicode_READ_CHAR(text, end) != '\n'
           && PyUnicode_READ_CHAR(text, end) != '\r')
    {
        end++;
    }
    *next = end + 1;
    if (end + 1 < length && PyUnicode_READ_CHAR(text, end) == '\r'
        && PyUnicode_READ_CHAR(text, end + 1) == '\n')
    {
        *next = end + 2;
    }
    return end;
}

/* The lines of what has that very name, the first of them alone if together
   they are too long to be shown; "" if they are not known. */
PyObject *
_PyRestrict_SourceLines(PyObject *filename, int first, int last)
{
    PyObject *text = find_text(filename, 0);
    Py_ssize_t length = text != NULL ? PyUnicode_GET_LENGTH(text) : -1;
    Py_ssize_t start = 0, end, end_of_all, next = 0;
    for (int line = 1; line < first && next <= length; line++) {
        (void)end_of_line(text, next, &next);
    }
    if (first < 1 || next > length) {
        return PyErr_Occurred() ? NULL : PyUnicode_FromString("");
    }
    start = next;
    end = end_of_all = end_of_line(text, start, &next);
    for (int line = first; line < last && next <= length; line++) {
        end_of_all = end_of_line(text, next, &next);
    }
    end = end_of_all - start <= MAX_SHOWN ? end_of_all : end;
    return PyUnicode_Substring(text, start, Py_MIN(end, start + MAX_SHOWN));
}

#endif /* WITH_RESTRICTED */
