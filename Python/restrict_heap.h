/* The heap of one restricted interpreter: blocks over 512 bytes and below
   those that are mapped one by one.  Python/restrict_heap.c says how it works.

   The interpreter's GIL is held.  No function sets an exception. */

#ifndef Py_RESTRICT_HEAP_H
#define Py_RESTRICT_HEAP_H

#include "pycore_restrict_limits.h"

/* No larger block, in bytes. */
#define _PyRestrict_HEAP_MAX (256 * 1024)

/* NULL: it would not fit under the cap, or the system has no memory.  What is
   in the block was zero, or the same guest's. */
extern void *_PyRestrict_HeapAlloc(struct _restrict_memory *memory,
                                   size_t size);
/* Is the block one of this heap's?  Any pointer may be asked about. */
extern int _PyRestrict_HeapHas(const struct _restrict_memory *memory,
                               const void *ptr);
extern void _PyRestrict_HeapFree(struct _restrict_memory *memory, void *ptr);
/* How many bytes the block has room for. */
extern size_t _PyRestrict_HeapSize(const void *ptr);
/* Make the block smaller or larger where it is: 0, or -1 if it cannot. */
extern int _PyRestrict_HeapResize(struct _restrict_memory *memory, void *ptr,
                                  size_t size);
/* Give the system every page that no block needs. */
extern void _PyRestrict_HeapTrim(struct _restrict_memory *memory);
/* The end of the heap and of all blocks. */
extern void _PyRestrict_HeapFini(struct _restrict_memory *memory);

/* --- For the heap (restrict_memory.c) ------------------------------------- */

/* Count `bytes` more because of a request of `request` bytes: 0, or -1 if
   they do not fit. */
extern int _PyRestrict_Charge(struct _restrict_memory *memory, size_t bytes,
                              size_t request);
/* The same, fit or not. */
extern void _PyRestrict_AddUsed(struct _restrict_memory *memory, size_t bytes);
/* How much fits under the cap, in bytes. */
extern size_t _PyRestrict_MemoryLeft(const struct _restrict_memory *memory);
/* Give the system everything that no block needs. */
extern void _PyRestrict_GiveBack(struct _restrict_memory *memory);
/* The table of what was mapped holds the heap's regions, too.  Add: 0, -1. */
extern int _PyRestrict_AddMapping(struct _restrict_memory *memory,
                                  void *address, size_t size);
extern int _PyRestrict_IsMapping(const struct _restrict_memory *memory,
                                 const void *address);
extern void _PyRestrict_DropMapping(struct _restrict_memory *memory,
                                    const void *address);

#endif
