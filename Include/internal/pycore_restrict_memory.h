/* For obmalloc.c and pystate.c alone: the allocator's own books, and the end
   of an interpreter's memory. */

#ifndef Py_INTERNAL_RESTRICT_MEMORY_H
#define Py_INTERNAL_RESTRICT_MEMORY_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

/* Every arena of a restricted interpreter is freed, whatever is left in it:
   nothing outside can point there.  Counting its blocks, in every pool, would
   be for nothing. */
#ifdef WITH_RESTRICTED
#define _PyRestrict_COUNT_LEAKS(interp, count)                                \
    ((interp)->restricted != NULL ? (_PyRestrict_FiniMemory(interp), 0)       \
                                  : (count))
/* In a loop that frees the nodes of the map of arenas, few among thousands of
   empty places: leave it after the last one. */
#define _PyRestrict_LAST_NODE(interp, left)                                   \
    if ((interp)->restricted != NULL && --(left) == 0) {                      \
        break;                                                                \
    }
/* The allocator's state, and the nodes of its map of arenas
   (restrict_arena.c).  is_guest: whether it is a restricted interpreter's. */
extern void *_PyRestrict_MapBook(size_t size);
extern void _PyRestrict_UnmapBook(void *book, size_t size);
#define _PyRestrict_CALLOC_BOOK(is_guest, size)                               \
    ((is_guest) ? _PyRestrict_MapBook(size) : PyMem_RawCalloc(1, size))
#define _PyRestrict_FREE_BOOK(is_guest, book, size)                           \
    do {                                                                      \
        if (is_guest) {                                                       \
            _PyRestrict_UnmapBook(book, size);                                \
        }                                                                     \
        else {                                                                \
            PyMem_RawFree(book);                                              \
        }                                                                     \
    } while (0)
#else
#define _PyRestrict_COUNT_LEAKS(interp, count) (count)
#define _PyRestrict_LAST_NODE(interp, left)
#define _PyRestrict_CALLOC_BOOK(is_guest, size) PyMem_RawCalloc(1, size)
#define _PyRestrict_FREE_BOOK(is_guest, book, size) PyMem_RawFree(book)
#endif

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_MEMORY_H */
