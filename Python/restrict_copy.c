/* Values cross between interpreters by copy: writing them down.

   Two interpreters never touch an object of one another.  The side that has a
   value writes it down in a flat buffer of raw memory, and the other side
   makes new objects from that.  Both walks are loops with a stack of their
   own, so no value is too deep for them; neither runs any Python code, on
   either side: types are compared exactly, and containers are read and filled
   in C.  The memory of the new objects is charged to the side that gets them.
   This is the side that writes; restrict_copy_get.c is the other. */

#include "Python.h"
#include "pycore_long.h"  // _PyLong_DigitCount()
#include "pycore_restrict.h"
#include "pycore_restrict_copy.h"
#include "pycore_setobject.h"  // _PySet_NextEntry()
#include "restrict_copy.h"     // the tags

#ifdef WITH_RESTRICTED

/* --- The buffer ------------------------------------------------------------------ */

void
_PyRestrict_CopyInit(struct _restrict_copy *copy, PyInterpreterState *guest)
{
    memset(copy, 0, offsetof(struct _restrict_copy, small_data));
    memset(copy->small_memo, 0, sizeof(copy->small_memo));
    copy->data = copy->small_data;
    copy->allocated = sizeof(copy->small_data);
    copy->memo = copy->small_memo;
    copy->memo_slots = _PyRestrict_COPY_MEMO;
    copy->guest = guest;
}

void
_PyRestrict_CopyFini(struct _restrict_copy *copy)
{
    assert(copy->refs == NULL);
    if (copy->data != copy->small_data) {
        PyMem_RawFree(copy->data);
    }
    if (copy->memo != copy->small_memo) {
        PyMem_RawFree(copy->memo);
    }
}

static int
grow(struct _restrict_copy *copy, size_t more)
{
    size_t want = copy->size + more;
    want += want / 2;
    char *old = copy->data == copy->small_data ? NULL : copy->data;
    char *data = want < more ? NULL : PyMem_RawRealloc(old, want);
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (old == NULL) {
        memcpy(data, copy->small_data, copy->size);
    }
    copy->data = data;
    copy->allocated = want;
    return 0;
}

/* Room for a tag, `more` bytes and a length. */
static inline int
reserve(struct _restrict_copy *copy, size_t more)
{
    more += 1 + 1 + sizeof(Py_ssize_t);
    return copy->allocated - copy->size >= more ? 0 : grow(copy, more);
}

static inline void
write_tag(struct _restrict_copy *copy, int tag)
{
    copy->data[copy->size++] = (char)tag;
}

static inline void
write_raw(struct _restrict_copy *copy, const void *from, size_t size)
{
    memcpy(copy->data + copy->size, from, size);
    copy->size += size;
}

/* === Putting in =================================================================== */

/* --- What was met before ------------------------------------------------------------ */

static struct _restrict_memo *
memo_slot(struct _restrict_memo *memo, size_t slots, PyObject *object)
{
    size_t i = ((uintptr_t)object >> 4) * 0x9E3779B97F4A7C15u >> 20;
    for (;; i++) {
        struct _restrict_memo *slot = &memo[i & (slots - 1)];
        if (slot->object == NULL || slot->object == object) {
            return slot;
        }
    }
}

static int
memo_grow(struct _restrict_copy *copy)
{
    size_t slots = copy->memo_slots * 4;
    struct _restrict_memo *memo = PyMem_RawCalloc(slots, sizeof(*memo));
    if (memo == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < copy->memo_slots; i++) {
        if (copy->memo[i].object != NULL) {
            *memo_slot(memo, slots, copy->memo[i].object) = copy->memo[i];
        }
    }
    if (copy->memo != copy->small_memo) {
        PyMem_RawFree(copy->memo);
    }
    copy->memo = memo;
    copy->memo_slots = slots;
    return 0;
}

/* 1: a reference was written, 0: not met before, -1: error.  *flag gets MEMO
   if the other side is to remember the object. */
static int
put_reference(struct _restrict_copy *copy, PyObject *object, int *flag)
{
    *flag = 0;
    if (Py_REFCNT(object) == 1) {
        return 0;
    }
    if (copy->n_memo >= copy->memo_slots / 2 && memo_grow(copy) < 0) {
        return -1;
    }
    struct _restrict_memo *slot = memo_slot(copy->memo, copy->memo_slots,
                                            object);
    if (slot->object == object) {
        write_tag(copy, TAG_REF);
        write_raw(copy, &slot->index, sizeof(slot->index));
        return 1;
    }
    slot->object = object;
    slot->index = copy->n_memo++;
    *flag = MEMO;
    return 0;
}

/* --- Values that hold no others ------------------------------------------------------- */

/* There is room for it. */
static inline void
write_compact(struct _restrict_copy *copy, PyLongObject *value)
{
    int64_t n = _PyLong_CompactValue(value);
    if (n == (int8_t)n) {
        write_tag(copy, TAG_INT8);
        write_tag(copy, (int8_t)n);
    }
    else if (n == (int32_t)n) {
        int32_t few = (int32_t)n;
        write_tag(copy, TAG_INT32);
        write_raw(copy, &few, sizeof(few));
    }
    else {
        write_tag(copy, TAG_INT64);
        write_raw(copy, &n, sizeof(n));
    }
}

static int
put_int(struct _restrict_copy *copy, PyObject *object)
{
    PyLongObject *value = (PyLongObject *)object;
    if (_PyLong_IsCompact(value)) {
        write_compact(copy, value);
        return 0;
    }
    int flag, known = put_reference(copy, object, &flag);
    if (known) {
        return known < 0 ? -1 : 0;
    }
    Py_ssize_t digits = _PyLong_DigitCount(value);
    Py_ssize_t size = _PyLong_IsNegative(value) ? -digits : digits;
    if (reserve(copy, digits * sizeof(digit)) < 0) {
        return -1;
    }
    write_tag(copy, TAG_DIGITS | flag);
    write_raw(copy, &size, sizeof(size));
    write_raw(copy, value->long_value.ob_digit, digits * sizeof(digit));
    return 0;
}

/* A number is as small as a reference to it; but a NaN is equal to itself by
   being the same object, in a container. */
static int
put_float(struct _restrict_copy *copy, PyObject *object)
{
    double value = PyFloat_AS_DOUBLE(object);
    int flag = 0;
    int known = value != value ? put_reference(copy, object, &flag) : 0;
    if (known) {
        return known < 0 ? -1 : 0;
    }
    write_tag(copy, TAG_FLOAT | flag);
    write_raw(copy, &value, sizeof(value));
    return 0;
}

static int
put_complex(struct _restrict_copy *copy, PyObject *object)
{
    int flag, known = put_reference(copy, object, &flag);
    if (known || reserve(copy, sizeof(Py_complex)) < 0) {
        return known > 0 ? 0 : -1;
    }
    write_tag(copy, TAG_COMPLEX | flag);
    write_raw(copy, &((PyComplexObject *)object)->cval, sizeof(Py_complex));
    return 0;
}

/* Is it a str that most are like? */
static inline int
is_short_ascii(PyObject *object)
{
    return PyUnicode_IS_COMPACT_ASCII(object)
           && PyUnicode_GET_LENGTH(object) > 1
           && PyUnicode_GET_LENGTH(object) <= UINT8_MAX;
}

/* There is room for it. */
static inline void
write_short_ascii(struct _restrict_copy *copy, PyObject *object, int flag)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(object);
    write_tag(copy, TAG_ASCII | flag);
    write_tag(copy, (int)length);
    write_raw(copy, PyUnicode_1BYTE_DATA(object), (size_t)length);
}

static int
put_str(struct _restrict_copy *copy, PyObject *object)
{
    int flag, known = put_reference(copy, object, &flag);
    Py_ssize_t length = PyUnicode_GET_LENGTH(object);
    int kind = PyUnicode_KIND(object);
    if (known || reserve(copy, (size_t)length * kind) < 0) {
        return known > 0 ? 0 : -1;
    }
    if (is_short_ascii(object)) {
        write_short_ascii(copy, object, flag);
        return 0;
    }
    write_tag(copy, TAG_STR | flag);
    write_tag(copy, kind | (PyUnicode_IS_ASCII(object) ? ASCII : 0));
    write_raw(copy, &length, sizeof(length));
    write_raw(copy, PyUnicode_DATA(object), (size_t)length * kind);
    return 0;
}

static int
put_bytes(struct _restrict_copy *copy, PyObject *object)
{
    int flag, known = put_reference(copy, object, &flag);
    Py_ssize_t size = PyBytes_GET_SIZE(object);
    if (known || reserve(copy, size) < 0) {
        return known > 0 ? 0 : -1;
    }
    write_tag(copy, TAG_BYTES | flag);
    write_raw(copy, &size, sizeof(size));
    write_raw(copy, PyBytes_AS_STRING(object), size);
    return 0;
}

/* --- Containers ------------------------------------------------------------------------- */

struct source {
    PyObject *container;
    Py_ssize_t at;          // list and tuple: the next index
    Py_ssize_t position;    // dict and set: of their iteration
    PyObject *key, *value;  // dict: value is NULL once it was put
    int tag;
};

struct sources {
    struct source *open;  // innermost last
    size_t n, allocated;
    struct source small[16];
};

static int
open_source(struct sources *sources, PyObject *container, int tag)
{
    if (sources->n == sources->allocated) {
        size_t want = 4 * sources->allocated;
        int inside = sources->open == sources->small;
        struct source *open = PyMem_RawRealloc(inside ? NULL : sources->open,
                                               want * sizeof(*open));
        if (open == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        if (inside) {
            memcpy(open, sources->small, sizeof(sources->small));
        }
        sources->open = open;
        sources->allocated = want;
    }
    sources->open[sources->n++] = (struct source){.container = container,
                                                  .tag = tag};
    return 0;
}

static int
put_container(struct _restrict_copy *copy, struct sources *sources,
              PyObject *object, int tag, Py_ssize_t size)
{
    int flag, known = put_reference(copy, object, &flag);
    if (known) {
        return known < 0 ? -1 : 0;
    }
    write_tag(copy, tag | flag);
    write_raw(copy, &size, sizeof(size));
    return size ? open_source(sources, object, tag) : 0;
}

/* The next item of the innermost container, borrowed, or NULL. */
static PyObject *
next_item(struct source *source)
{
    PyObject *container = source->container, *item = NULL;
    Py_hash_t hash;
    switch (source->tag) {
    case TAG_LIST:
        return source->at < PyList_GET_SIZE(container)
                   ? PyList_GET_ITEM(container, source->at++)
                   : NULL;
    case TAG_TUPLE:
        return source->at < PyTuple_GET_SIZE(container)
                   ? PyTuple_GET_ITEM(container, source->at++)
                   : NULL;
    case TAG_DICT:
        if (source->value != NULL) {
            item = source->value;
            source->value = NULL;
            return item;
        }
        return PyDict_Next(container, &source->position, &source->key,
                           &source->value)
                   ? source->key
                   : NULL;
    default:
        _PySet_NextEntry(container, &source->position, &item, &hash);
        return item;
    }
}

/* --- Any value ------------------------------------------------------------------------------ */

#define TYPE_DOES_NOT_CROSS (-2)

/* Room for a value that is a tag and a number, or a short str. */
#define NUMBER (1 + sizeof(int64_t))
#define SHORT_STR (2 + UINT8_MAX)

/* There is room for it: 1, and it was put; 0: it is not so plain. */
static inline int
put_plain(struct _restrict_copy *copy, PyObject *item)
{
    if (PyLong_CheckExact(item) && _PyLong_IsCompact((PyLongObject *)item)) {
        write_compact(copy, (PyLongObject *)item);
        return 1;
    }
    if (PyFloat_CheckExact(item)) {
        if (isnan(PyFloat_AS_DOUBLE(item))) {
            return 0;
        }
        write_tag(copy, TAG_FLOAT);
        write_raw(copy, &((PyFloatObject *)item)->ob_fval, sizeof(double));
        return 1;
    }
    // Nobody else has it: it is not met again.
    if (PyUnicode_CheckExact(item) && Py_REFCNT(item) == 1
        && is_short_ascii(item) && copy->allocated - copy->size >= SHORT_STR)
    {
        write_short_ascii(copy, item, 0);
        return 1;
    }
    return 0;
}

/* Put as many plain values as follow in a list or tuple.  Most of what is
   large is made of them: this loop is what the copy costs. */
static int
put_plain_items(struct _restrict_copy *copy, struct source *source)
{
    PyObject **items = PySequence_Fast_ITEMS(source->container);
    Py_ssize_t n = Py_SIZE(source->container);
    while (source->at < n) {
        if (copy->allocated - copy->size < NUMBER && grow(copy, SHORT_STR) < 0)
        {
            return -1;
        }
        if (!put_plain(copy, items[source->at])) {
            return 0;
        }
        source->at++;
    }
    return 0;
}

static int
put_leaf(struct _restrict_copy *copy, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyLong_Type) {
        return put_int(copy, object);
    }
    if (type == &PyUnicode_Type) {
        return put_str(copy, object);
    }
    if (type == &PyFloat_Type) {
        return put_float(copy, object);
    }
    if (object == Py_None || type == &PyBool_Type) {
        write_tag(copy, object == Py_None   ? TAG_NONE
                        : object == Py_True ? TAG_TRUE
                                            : TAG_FALSE);
        return 0;
    }
    if (type == &PyBytes_Type) {
        return put_bytes(copy, object);
    }
    if (type == &PyComplex_Type) {
        return put_complex(copy, object);
    }
    return TYPE_DOES_NOT_CROSS;
}

static int
put_value(struct _restrict_copy *copy, struct sources *sources,
          PyObject *object)
{
    if (reserve(copy, sizeof(Py_complex)) < 0) {
        return -1;
    }
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyList_Type) {
        return put_container(copy, sources, object, TAG_LIST,
                             PyList_GET_SIZE(object));
    }
    if (type == &PyTuple_Type) {
        return put_container(copy, sources, object, TAG_TUPLE,
                             PyTuple_GET_SIZE(object));
    }
    if (type == &PyDict_Type) {
        return put_container(copy, sources, object, TAG_DICT,
                             PyDict_GET_SIZE(object));
    }
    if (type == &PySet_Type || type == &PyFrozenSet_Type) {
        return put_container(copy, sources, object,
                             type == &PySet_Type ? TAG_SET : TAG_FROZENSET,
                             PySet_GET_SIZE(object));
    }
    return put_leaf(copy, object);
}

/* --- Saying what does not cross --------------------------------------------------------------- */

static PyObject *
step_text(const struct source *source)
{
    switch (source->tag) {
    case TAG_LIST:
    case TAG_TUPLE:
        return PyUnicode_FromFormat("[%zd]", source->at - 1);
    case TAG_DICT:
        if (source->value != NULL) {
            return PyUnicode_FromString(" (a key)");
        }
        // The key was put before: it has no code of the guest's in it.
        return PyUnicode_FromFormat("[%.100R]", source->key);
    default:
        return PyUnicode_FromString(" (an element)");
    }
}

/* Of a value nested a million deep, the outer and the inner steps tell. */
#define PATH_STEPS 20

static PyObject *
path_text(const struct sources *sources, const char *root)
{
    PyObject *path = PyUnicode_FromString(root);
    for (size_t i = 0; i < sources->n && path != NULL; i++) {
        if (i == PATH_STEPS && sources->n > 2 * PATH_STEPS) {
            i = sources->n - PATH_STEPS;
            PyUnicode_AppendAndDel(&path, PyUnicode_FromString("..."));
        }
        if (path != NULL) {
            PyUnicode_AppendAndDel(&path, step_text(&sources->open[i]));
        }
    }
    return path;
}

static void
raise_does_not_cross(const struct sources *sources, const char *root,
                     PyObject *object)
{
    PyObject *path = path_text(sources, root);
    if (path != NULL) {
        PyErr_Format(PyExc_TypeError,
                     "%U: a '%.200s' object cannot cross between interpreters",
                     path, Py_TYPE(object)->tp_name);
        Py_DECREF(path);
    }
}

int
_PyRestrict_CopyPut(struct _restrict_copy *copy, PyObject *value,
                    const char *root)
{
    struct sources sources;
    sources.n = 0;
    sources.open = sources.small;
    sources.allocated = Py_ARRAY_LENGTH(sources.small);
    int err = put_value(copy, &sources, value);
    while (!err && sources.n > 0) {
        struct source *source = &sources.open[sources.n - 1];
        if ((source->tag == TAG_LIST || source->tag == TAG_TUPLE)
            && put_plain_items(copy, source) < 0)
        {
            err = -1;
            break;
        }
        value = next_item(source);
        if (value != NULL) {
            err = put_value(copy, &sources, value);
        }
        else {
            sources.n--;
        }
    }
    if (err == TYPE_DOES_NOT_CROSS) {
        raise_does_not_cross(&sources, root, value);
    }
    if (sources.open != sources.small) {
        PyMem_RawFree(sources.open);
    }
    return err ? -1 : 0;
}

#endif /* WITH_RESTRICTED */
