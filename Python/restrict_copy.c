/* Values cross between interpreters by copy.

   Two interpreters never touch an object of one another.  The side that has a
   value writes it down in a flat buffer of raw memory, and the other side
   makes new objects from that.  Both walks are loops with a stack of their
   own, so no value is too deep for them; neither runs any Python code, on
   either side: types are compared exactly, and containers are read and filled
   in C.  The memory of the new objects is charged to the side that gets them.

   Each value is a tag byte and what the tag asks for.  Containers write their
   length and then their items; the flag MEMO says that later values may refer
   to this one by number (tag REF).  It is given to whatever has more than one
   reference, which every object met twice has: shared and cyclic references
   stay what they are, and cost nothing where there are none.

   What a hostile guest can do to the host by its result: nothing in the
   buffer is under its control but the values, and no value makes the host's C
   stack deep, because a tuple that is to be hashed may be nested only so far.
   Colliding keys cost time, as they cost the guest: while the host fills
   dicts and sets it looks at the guest's limits and at pending signals. */

#include "Python.h"
#include "pycore_dict.h"          // _PyDict_SetItem_Take2()
#include "pycore_long.h"          // _PyLong_DigitCount()
#include "pycore_restrict.h"
#include "pycore_restrict_copy.h"
#include "pycore_restrict_limits.h"
#include "pycore_setobject.h"     // _PySet_NextEntry()

#ifdef WITH_RESTRICTED

enum tag {
    TAG_NONE,
    TAG_FALSE,
    TAG_TRUE,
    TAG_REF,                            // size_t number
    TAG_INT8,
    TAG_INT32,
    TAG_INT64,
    TAG_DIGITS,                         // Py_ssize_t signed count, digits
    TAG_FLOAT,
    TAG_COMPLEX,
    TAG_STR,                            // form byte, Py_ssize_t, characters
    TAG_BYTES,                          // Py_ssize_t, bytes
    TAG_LIST,                           // Py_ssize_t, then as many values
    TAG_TUPLE,
    TAG_SET,
    TAG_FROZENSET,
    TAG_DICT,                           // Py_ssize_t, then twice as many
};
#define MEMO 0x80

#define ASCII 0x10                      // in the form byte of a str

#define KEY_DEPTH 200                   // of tuples in tuples, when hashed

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

static inline void
read_raw(struct _restrict_copy *copy, void *to, size_t size)
{
    assert(copy->size - copy->at >= size);
    memcpy(to, copy->data + copy->at, size);
    copy->at += size;
}

static inline Py_ssize_t
read_size(struct _restrict_copy *copy)
{
    Py_ssize_t size;
    read_raw(copy, &size, sizeof(size));
    return size;
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

static int
put_int(struct _restrict_copy *copy, PyObject *object)
{
    PyLongObject *value = (PyLongObject *)object;
    if (_PyLong_IsCompact(value)) {
        int64_t n = _PyLong_CompactValue(value);
        if (n == (int8_t)n) {
            write_tag(copy, TAG_INT8);
            write_tag(copy, (int8_t)n);
            return 0;
        }
        if (n == (int32_t)n) {
            int32_t few = (int32_t)n;
            write_tag(copy, TAG_INT32);
            write_raw(copy, &few, sizeof(few));
            return 0;
        }
        write_tag(copy, TAG_INT64);
        write_raw(copy, &n, sizeof(n));
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

static int
put_str(struct _restrict_copy *copy, PyObject *object)
{
    int flag, known = put_reference(copy, object, &flag);
    Py_ssize_t length = PyUnicode_GET_LENGTH(object);
    int kind = PyUnicode_KIND(object);
    if (known || reserve(copy, (size_t)length * kind) < 0) {
        return known > 0 ? 0 : -1;
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
    Py_ssize_t at;                      // list and tuple: the next index
    Py_ssize_t position;                // dict and set: of their iteration
    PyObject *key, *value;              // dict: value is NULL once it was put
    int tag;
};

struct sources {
    struct source *open;                // innermost last
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
               ? PyList_GET_ITEM(container, source->at++) : NULL;
    case TAG_TUPLE:
        return source->at < PyTuple_GET_SIZE(container)
               ? PyTuple_GET_ITEM(container, source->at++) : NULL;
    case TAG_DICT:
        if (source->value != NULL) {
            item = source->value;
            source->value = NULL;
            return item;
        }
        return PyDict_Next(container, &source->position, &source->key,
                           &source->value) ? source->key : NULL;
    default:
        _PySet_NextEntry(container, &source->position, &item, &hash);
        return item;
    }
}

/* --- Any value ------------------------------------------------------------------------------ */

#define TYPE_DOES_NOT_CROSS (-2)

static int
put_value(struct _restrict_copy *copy, struct sources *sources,
          PyObject *object)
{
    if (reserve(copy, sizeof(Py_complex)) < 0) {
        return -1;
    }
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
        write_tag(copy, object == Py_None ? TAG_NONE
                        : object == Py_True ? TAG_TRUE : TAG_FALSE);
        return 0;
    }
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
    if (type == &PyBytes_Type) {
        return put_bytes(copy, object);
    }
    if (type == &PyComplex_Type) {
        return put_complex(copy, object);
    }
    return TYPE_DOES_NOT_CROSS;
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
        value = next_item(&sources.open[sources.n - 1]);
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

/* === Getting out =================================================================== */

/* --- What may be referred to ---------------------------------------------------------- */

/* The number of the next value that others refer to; its place is free. */
static int
new_reference(struct _restrict_copy *copy, size_t *index)
{
    if (copy->n_refs == copy->refs_allocated) {
        size_t want = copy->refs_allocated ? 2 * copy->refs_allocated : 16;
        PyObject **refs = PyMem_RawRealloc(copy->refs,
                                           want * sizeof(*refs));
        if (refs == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        copy->refs = refs;
        copy->refs_allocated = want;
    }
    *index = copy->n_refs;
    copy->refs[copy->n_refs++] = NULL;
    return 0;
}

void
_PyRestrict_CopyEnd(struct _restrict_copy *copy)
{
    PyObject **refs = copy->refs;
    size_t n = copy->n_refs;
    copy->refs = NULL;
    copy->n_refs = copy->refs_allocated = 0;
    for (size_t i = 0; i < n; i++) {
        Py_XDECREF(refs[i]);
    }
    PyMem_RawFree(refs);
}

/* --- Values that hold no others --------------------------------------------------------- */

static PyObject *
get_digits(struct _restrict_copy *copy)
{
    Py_ssize_t size = read_size(copy);
    Py_ssize_t digits = Py_ABS(size);
    PyLongObject *value = _PyLong_New(digits);
    if (value != NULL) {
        read_raw(copy, value->long_value.ob_digit, digits * sizeof(digit));
        _PyLong_SetSignAndDigitCount(value, size < 0 ? -1 : 1, digits);
    }
    return (PyObject *)value;
}

static PyObject *
get_str(struct _restrict_copy *copy)
{
    int form = copy->data[copy->at++];
    int kind = form & ~ASCII;
    Py_ssize_t length = read_size(copy);
    const char *data = copy->data + copy->at;
    copy->at += (size_t)length * kind;
    if (length <= 1) {                  // those are kept once by each side
        return PyUnicode_FromKindAndData(kind, data, length);
    }
    Py_UCS4 top = form & ASCII ? 0x7f : kind == 1 ? 0xff
                  : kind == 2 ? 0xffff : 0x10ffff;
    PyObject *text = PyUnicode_New(length, top);
    if (text != NULL) {
        memcpy(PyUnicode_DATA(text), data, (size_t)length * kind);
    }
    return text;
}

static PyObject *
get_bytes(struct _restrict_copy *copy)
{
    Py_ssize_t size = read_size(copy);
    PyObject *bytes = PyBytes_FromStringAndSize(copy->data + copy->at, size);
    copy->at += size;
    return bytes;
}

static PyObject *
get_int32(struct _restrict_copy *copy)
{
    int32_t value;
    read_raw(copy, &value, sizeof(value));
    return PyLong_FromLong(value);
}

static PyObject *
get_int64(struct _restrict_copy *copy)
{
    int64_t value;
    read_raw(copy, &value, sizeof(value));
    return PyLong_FromLongLong(value);
}

static PyObject *
get_float(struct _restrict_copy *copy)
{
    double value;
    read_raw(copy, &value, sizeof(value));
    return PyFloat_FromDouble(value);
}

static PyObject *
get_complex(struct _restrict_copy *copy)
{
    Py_complex value;
    read_raw(copy, &value, sizeof(value));
    return PyComplex_FromCComplex(value);
}

static PyObject *
get_plain(struct _restrict_copy *copy, int tag)
{
    switch (tag) {
    case TAG_NONE:
        return Py_None;
    case TAG_FALSE:
        return Py_False;
    case TAG_TRUE:
        return Py_True;
    case TAG_REF:
        return Py_NewRef(copy->refs[read_size(copy)]);
    case TAG_INT8:
        return PyLong_FromLong((signed char)copy->data[copy->at++]);
    case TAG_INT32:
        return get_int32(copy);
    case TAG_INT64:
        return get_int64(copy);
    case TAG_DIGITS:
        return get_digits(copy);
    case TAG_FLOAT:
        return get_float(copy);
    case TAG_COMPLEX:
        return get_complex(copy);
    case TAG_STR:
        return get_str(copy);
    default:
        assert(tag == TAG_BYTES);
        return get_bytes(copy);
    }
}

/* --- Containers --------------------------------------------------------------------------- */

#define NO_REFERENCE SIZE_MAX

struct target {
    PyObject *container;
    PyObject *key;                      // dict: waits for its value
    Py_ssize_t at, size;                // items filled in, and all of them
    size_t reference;
    int tag;
};

struct targets {
    struct target *open;                // innermost last
    size_t n, allocated;
    struct target small[16];
};

static PyObject *
new_container(int tag, Py_ssize_t size)
{
    switch (tag) {
    case TAG_LIST:
        return PyList_New(size);
    case TAG_TUPLE:
        return PyTuple_New(size);
    case TAG_SET:
        return PySet_New(NULL);
    case TAG_FROZENSET:
        return PyFrozenSet_New(NULL);
    default:
        return _PyDict_NewPresized(size);
    }
}

static int
grow_targets(struct targets *targets)
{
    size_t want = 4 * targets->allocated;
    int inside = targets->open == targets->small;
    struct target *open = PyMem_RawRealloc(inside ? NULL : targets->open,
                                           want * sizeof(*open));
    if (open == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (inside) {
        memcpy(open, targets->small, sizeof(targets->small));
    }
    targets->open = open;
    targets->allocated = want;
    return 0;
}

/* A list, tuple, set or dict may be referred to from inside itself, so it has
   its number from the start; a frozenset cannot, and takes no new element
   once others hold it. */
static int
open_target(struct _restrict_copy *copy, struct targets *targets, int tag,
            size_t reference)
{
    if (targets->n == targets->allocated && grow_targets(targets) < 0) {
        return -1;
    }
    Py_ssize_t size = read_size(copy);
    // A frozenset needs to be our own to be filled; the empty one is not.
    PyObject *container = new_container(tag, size);
    if (container == NULL) {
        return -1;
    }
    if (reference != NO_REFERENCE && tag != TAG_FROZENSET) {
        copy->refs[reference] = Py_NewRef(container);
    }
    targets->open[targets->n++] = (struct target){
        .container = container, .size = tag == TAG_DICT ? 2 * size : size,
        .reference = reference, .tag = tag};
    return 0;
}

/* Hashing and comparing tuples in tuples is recursion in C. */
static int
shallow_enough(PyObject *key, int depth)
{
    if (!PyTuple_CheckExact(key)) {
        return 1;
    }
    if (depth == 0) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); i++) {
        if (!shallow_enough(PyTuple_GET_ITEM(key, i), depth - 1)) {
            return 0;
        }
    }
    return 1;
}

/* Before key is hashed and compared. */
static int
check_key(struct _restrict_copy *copy, PyObject *key)
{
    int is_tuple = PyTuple_CheckExact(key);
    if (is_tuple && !shallow_enough(key, KEY_DEPTH)) {
        PyErr_Format(PyExc_TypeError, "a dict key or set element is nested "
                     "more than %d tuples deep", KEY_DEPTH);
        return -1;
    }
    if (copy->guest == NULL || (++copy->n_keys % 256 != 0 && !is_tuple)) {
        return 0;
    }
    if (_PyRestrict_LimitHit(copy->guest) != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "stopped while copying");
        return -1;
    }
    return PyErr_CheckSignals();
}

/* Add an item, whose reference is taken. */
static int
add_item(struct _restrict_copy *copy, struct target *target, PyObject *item)
{
    int err = 0;
    Py_ssize_t at = target->at++;
    switch (target->tag) {
    case TAG_LIST:
        PyList_SET_ITEM(target->container, at, item);
        return 0;
    case TAG_TUPLE:
        PyTuple_SET_ITEM(target->container, at, item);
        return 0;
    case TAG_DICT:
        if (at % 2 == 0) {
            target->key = item;
            return check_key(copy, item);
        }
        PyObject *key = target->key;
        target->key = NULL;
        return _PyDict_SetItem_Take2((PyDictObject *)target->container, key,
                                     item);
    default:
        err = check_key(copy, item) < 0 || PySet_Add(target->container, item);
        Py_DECREF(item);
        return err ? -1 : 0;
    }
}

/* --- Any value ------------------------------------------------------------------------------ */

/* Read up to the next value that is complete; NULL without an exception when
   it opened a container that waits for items. */
static PyObject *
get_value(struct _restrict_copy *copy, struct targets *targets)
{
    int tag = (unsigned char)copy->data[copy->at++];
    size_t reference = NO_REFERENCE;
    if ((tag & MEMO) && new_reference(copy, &reference) < 0) {
        return NULL;
    }
    tag &= ~MEMO;
    if (tag >= TAG_LIST) {
        open_target(copy, targets, tag, reference);
        return NULL;
    }
    PyObject *value = get_plain(copy, tag);
    if (value != NULL && reference != NO_REFERENCE) {
        copy->refs[reference] = Py_NewRef(value);
    }
    return value;
}

/* Close the innermost container: it is complete. */
static PyObject *
close_target(struct _restrict_copy *copy, struct targets *targets)
{
    struct target *target = &targets->open[--targets->n];
    if (target->reference != NO_REFERENCE && target->tag == TAG_FROZENSET) {
        copy->refs[target->reference] = Py_NewRef(target->container);
    }
    return target->container;
}

static PyObject *
get_all(struct _restrict_copy *copy, struct targets *targets)
{
    for (;;) {
        PyObject *value = get_value(copy, targets);
        if (value == NULL && PyErr_Occurred()) {
            return NULL;
        }
        for (;;) {
            if (value != NULL && targets->n == 0) {
                return value;
            }
            struct target *target = &targets->open[targets->n - 1];
            if (value != NULL && add_item(copy, target, value) < 0) {
                return NULL;
            }
            if (target->at < target->size) {
                break;
            }
            value = close_target(copy, targets);
        }
    }
}

PyObject *
_PyRestrict_CopyGet(struct _restrict_copy *copy)
{
    struct targets targets;
    targets.n = 0;
    targets.open = targets.small;
    targets.allocated = Py_ARRAY_LENGTH(targets.small);
    PyObject *value = get_all(copy, &targets);
    while (targets.n > 0) {
        struct target *target = &targets.open[--targets.n];
        Py_DECREF(target->container);
        Py_XDECREF(target->key);
    }
    if (targets.open != targets.small) {
        PyMem_RawFree(targets.open);
    }
    return value;
}

#endif  /* WITH_RESTRICTED */
