/* What stands in the buffer that values cross in: restrict_copy.c writes it
   down, restrict_copy_get.c reads it.

   Each value is a tag byte and what the tag asks for.  Containers write their
   length and then their items; the flag MEMO says that later values may refer
   to this one by number (tag REF).  It is given to whatever has more than one
   reference, which every object met twice has: shared and cyclic references
   stay what they are, and cost nothing where there are none. */

enum tag {
    TAG_NONE,
    TAG_FALSE,
    TAG_TRUE,
    TAG_REF,  // size_t number
    TAG_INT8,
    TAG_INT32,
    TAG_INT64,
    TAG_DIGITS,  // Py_ssize_t signed count, digits
    TAG_FLOAT,
    TAG_COMPLEX,
    TAG_ASCII,  // byte length > 1, characters
    TAG_STR,    // form byte, Py_ssize_t, characters
    TAG_BYTES,  // Py_ssize_t, bytes
    TAG_LIST,   // Py_ssize_t, then as many values
    TAG_TUPLE,
    TAG_SET,
    TAG_FROZENSET,
    TAG_DICT,  // Py_ssize_t, then twice as many
};
#define MEMO 0x80

#define ASCII 0x10  // in the form byte of a str
