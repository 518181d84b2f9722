/* What a guest's exception says of itself, as plain text.

   The host must never touch an exception of a guest: its methods, its
   attributes and its class are the guest's code.  So the text is made here,
   in the guest, under its limits; only str and int leave.  What needs no code
   of the guest's (class names, frames, line numbers, the fields of a
   SyntaxError) is read from the structs.  Whatever the guest makes long is
   cut: the text is for people. */

#include "Python.h"
#include "pycore_frame.h"
#include "pycore_pyerrors.h"
#include "pycore_restrict.h"
#include "pycore_restrict_run.h"
#include "pycore_traceback.h"  // PyTracebackObject

#ifdef WITH_RESTRICTED

#define TEXT_LENGTH 100000  // characters of a message
#define N_PARTS 20          // exceptions in a chain
#define N_NOTES 20
#define N_FRAMES 50    // at each end of a traceback
#define N_MEMBERS 15   // of a group
#define N_GROUPED 100  // members of groups, in all
#define GROUP_DEPTH 10

/* --- Plain text ------------------------------------------------------------------------ */

/* An exact str with the same characters, cut. */
static PyObject *
plain_str(PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    length = Py_MIN(length, TEXT_LENGTH);
    PyObject *plain = PyUnicode_New(length, PyUnicode_MAX_CHAR_VALUE(text));
    if (plain != NULL
        && PyUnicode_CopyCharacters(plain, 0, text, 0, length) < 0)
    {
        Py_CLEAR(plain);
    }
    // The characters that were cut may have been the widest.
    if (plain != NULL) {
        Py_SETREF(plain,
                  PyUnicode_FromKindAndData(PyUnicode_KIND(plain),
                                            PyUnicode_DATA(plain), length));
    }
    return plain;
}

static PyObject *
plain_or(PyObject *object, const char *otherwise)
{
    return object != NULL && PyUnicode_Check(object)
               ? plain_str(object)
               : PyUnicode_FromString(otherwise);
}

/* str(object), which may be code of the guest's and fail; a limit that stops
   the guest meanwhile stops this too. */
static PyObject *
text_of(PyObject *object)
{
    PyObject *text = PyObject_Str(object);
    if (text == NULL) {
        PyErr_Clear();
        return PyUnicode_FromString("<exception str() failed>");
    }
    PyObject *plain = plain_str(text);
    Py_DECREF(text);
    return plain;
}

/* --- One exception ------------------------------------------------------------------------ */

static PyObject *
type_name(PyTypeObject *type, int with_module)
{
    PyObject *name = PyType_GetQualName(type);
    PyObject *plain = plain_or(name, "?");
    Py_XDECREF(name);
    if (!with_module || plain == NULL) {
        return plain;
    }
    PyObject *module = PyType_GetModuleName(type);
    if (module == NULL) {
        PyErr_Clear();
    }
    else if (PyUnicode_Check(module)
             && !_PyUnicode_EqualToASCIIString(module, "builtins")
             && !_PyUnicode_EqualToASCIIString(module, "__main__"))
    {
        PyObject *part = plain_str(module);
        Py_SETREF(plain,
                  part ? PyUnicode_FromFormat("%U.%U", part, plain) : NULL);
        Py_XDECREF(part);
    }
    Py_XDECREF(module);
    return plain;
}

/* (file, line, function, column, last line, column there, source), -1 for
   what is not known; columns are in bytes of UTF-8. */
static PyObject *
frame_row(PyTracebackObject *tb)
{
    PyCodeObject *code = PyFrame_GetCode(tb->tb_frame);
    int line, column, end_line, end_column;
    if (!PyCode_Addr2Location(code, tb->tb_lasti, &line, &column, &end_line,
                              &end_column))
    {
        column = end_line = end_column = -1;
    }
    line = tb->tb_lineno >= 0 ? tb->tb_lineno
                              : PyCode_Addr2Line(code, tb->tb_lasti);
    PyObject *row = Py_BuildValue(
        "(NiNiiiN)", plain_or(code->co_filename, "?"), line,
        plain_or(code->co_name, "?"), column, end_line, end_column,
        _PyRestrict_SourceLines(code->co_filename, line, end_line));
    Py_DECREF(code);
    return row;
}

/* Of a long traceback, the two ends; (None, how many, None, ...) between. */
static PyObject *
frame_rows(PyObject *first)
{
    Py_ssize_t n = 0;
    PyTracebackObject *tb = (PyTracebackObject *)first;
    for (; tb != NULL; tb = tb->tb_next) {
        n++;
    }
    PyObject *rows = PyList_New(0);
    tb = (PyTracebackObject *)first;
    for (Py_ssize_t i = 0; tb != NULL && rows != NULL; i++, tb = tb->tb_next) {
        PyObject *row = NULL;
        if (i < N_FRAMES || i >= n - N_FRAMES) {
            row = frame_row(tb);
        }
        else if (i == N_FRAMES) {
            row = Py_BuildValue("(OnOiiis)", Py_None, n - 2 * N_FRAMES,
                                Py_None, -1, -1, -1, "");
        }
        else {
            continue;
        }
        if (row == NULL || PyList_Append(rows, row) < 0) {
            Py_CLEAR(rows);
        }
        Py_XDECREF(row);
    }
    return rows;
}

static PyObject *
note_rows(PyObject *exc)
{
    PyObject *notes, *rows = PyList_New(0);
    if (rows == NULL
        || PyObject_GetOptionalAttr(exc, &_Py_ID(__notes__), &notes) < 0)
    {
        PyErr_Clear();
        return rows;
    }
    if (notes != NULL && PyList_CheckExact(notes)) {
        for (Py_ssize_t i = 0;
             i < N_NOTES && rows != NULL && i < PyList_GET_SIZE(notes); i++)
        {
            PyObject *note = plain_or(PyList_GET_ITEM(notes, i), "?");
            if (note == NULL || PyList_Append(rows, note) < 0) {
                Py_CLEAR(rows);
            }
            Py_XDECREF(note);
        }
    }
    Py_XDECREF(notes);
    return rows;
}

/* Of the numbers of a guest's, those that a file can have. */
static PyObject *
int_or_none(PyObject *object)
{
    int number = object != NULL && PyLong_CheckExact(object)
                     ? PyLong_AsInt(object)
                     : -1;
    PyErr_Clear();
    return number >= 0 ? PyLong_FromLong(number) : Py_NewRef(Py_None);
}

/* The line that an error of syntax shows, if it has none itself. */
static PyObject *
syntax_text(PySyntaxErrorObject *error)
{
    if (error->text != NULL && PyUnicode_Check(error->text)) {
        return plain_str(error->text);
    }
    int line = error->lineno != NULL && PyLong_CheckExact(error->lineno)
                   ? PyLong_AsInt(error->lineno)
                   : -1;
    PyErr_Clear();
    return error->filename != NULL && PyUnicode_CheckExact(error->filename)
               ? _PyRestrict_SourceLines(error->filename, line, line)
               : PyUnicode_FromString("");
}

/* (message, file, line, offset, text, last line, offset there) or None. */
static PyObject *
syntax_row(PyObject *exc)
{
    if (!PyObject_TypeCheck(exc, (PyTypeObject *)PyExc_SyntaxError)) {
        return Py_NewRef(Py_None);
    }
    PySyntaxErrorObject *error = (PySyntaxErrorObject *)exc;
    return Py_BuildValue(
        "(NNNNNNN)", plain_or(error->msg, ""), plain_or(error->filename, "?"),
        int_or_none(error->lineno), int_or_none(error->offset),
        syntax_text(error), int_or_none(error->end_lineno),
        int_or_none(error->end_offset));
}

/* How deep in groups we are, and how many members may still be shown. */
struct tree {
    int depth;
    int left;
};

static PyObject *part_rows(PyObject *exc, struct tree *tree);

/* (the chains of the members that are shown, how many there are), or None if
   this is no group.  The tuple of members never changes. */
static PyObject *
member_rows(PyObject *exc, struct tree *tree)
{
    if (!PyObject_TypeCheck(exc, (PyTypeObject *)PyExc_BaseExceptionGroup)) {
        return Py_NewRef(Py_None);
    }
    PyObject *members = ((PyBaseExceptionGroupObject *)exc)->excs;
    Py_ssize_t n = members != NULL && PyTuple_CheckExact(members)
                       ? PyTuple_GET_SIZE(members)
                       : 0;
    PyObject *rows = PyList_New(0);
    tree->depth++;
    for (Py_ssize_t i = 0; rows != NULL && i < n && i < N_MEMBERS
                           && tree->depth <= GROUP_DEPTH && tree->left > 0;
         i++)
    {
        tree->left--;
        PyObject *row = part_rows(PyTuple_GET_ITEM(members, i), tree);
        if (row == NULL || PyList_Append(rows, row) < 0) {
            Py_CLEAR(rows);
        }
        Py_XDECREF(row);
    }
    tree->depth--;
    return rows != NULL ? Py_BuildValue("(Nn)", rows, n) : NULL;
}

/* (relation, qualified type name, message, frames, notes, syntax, members,
   suggestion).
   Relation: 0 the exception itself, 1 its cause, 2 what was being handled. */
static PyObject *
part_row(PyObject *exc, int relation, struct tree *tree)
{
    PyObject *frames = frame_rows(((PyBaseExceptionObject *)exc)->traceback);
    PyObject *notes = frames ? note_rows(exc) : NULL;
    PyObject *members = notes ? member_rows(exc, tree) : NULL;
    if (members == NULL) {
        Py_XDECREF(frames);
        Py_XDECREF(notes);
        return NULL;
    }
    return Py_BuildValue("(iNNNNNNN)", relation, type_name(Py_TYPE(exc), 1),
                         text_of(exc), frames, notes, syntax_row(exc), members,
                         _PyRestrict_DescribeSuggestion(exc));
}

/* --- The chain ------------------------------------------------------------------------------ */

/* Borrowed, or NULL. */
static PyObject *
previous(PyObject *exc, int *relation)
{
    PyBaseExceptionObject *base = (PyBaseExceptionObject *)exc;
    if (base->cause != NULL) {
        *relation = 1;
        return base->cause;
    }
    *relation = 2;
    return base->suppress_context ? NULL : base->context;
}

static PyObject *
part_rows(PyObject *exc, struct tree *tree)
{
    PyObject *rows = PyList_New(0);
    int relation = 0;
    Py_INCREF(exc);
    for (int i = 0; exc != NULL && rows != NULL && i < N_PARTS; i++) {
        PyObject *row = part_row(exc, relation, tree);
        if (row == NULL || PyList_Append(rows, row) < 0) {
            Py_CLEAR(rows);
        }
        Py_XDECREF(row);
        // __str__ may have changed the chain: hold what we look at.
        Py_SETREF(exc, Py_XNewRef(previous(exc, &relation)));
    }
    Py_XDECREF(exc);
    return rows;
}

/* What the process would exit with, or None if this is not SystemExit. */
static PyObject *
exit_status(PyObject *exc)
{
    if (!PyObject_TypeCheck(exc, (PyTypeObject *)PyExc_SystemExit)) {
        return Py_NewRef(Py_None);
    }
    PyObject *code = ((PySystemExitObject *)exc)->code;
    if (code == NULL || code == Py_None) {
        return PyLong_FromLong(0);
    }
    int status = PyLong_CheckExact(code) ? (int)PyLong_AsLong(code) : 1;
    PyErr_Clear();  // too large: -1, as ever
    return PyLong_FromLong(status);
}

PyObject *
_PyRestrict_DescribeException(PyObject *exc)
{
    struct tree tree = {.left = N_GROUPED};
    PyObject *parts = part_rows(exc, &tree);
    if (parts == NULL) {
        return NULL;
    }
    return Py_BuildValue("(NNNN)", type_name(Py_TYPE(exc), 0), text_of(exc),
                         exit_status(exc), parts);
}

#endif /* WITH_RESTRICTED */
