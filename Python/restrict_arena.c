/* Where the allocator of a restricted interpreter keeps its own books.

   CPython finds the arena of an address in a tree whose nodes are tables of
   128 and 256 KiB, of which a few words are ever used; the root is in the
   allocator's state.  From malloc() they would be wiped, and their pages
   taken from the system, for each guest anew.  Mapped, they take only the
   pages that are used, and give them back when the guest ends. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#include <sys/mman.h>

#include "pycore_restrict_memory.h"

void *
_PyRestrict_MapBook(size_t size)
{
    void *book = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return book != MAP_FAILED ? book : NULL;
}

void
_PyRestrict_UnmapBook(void *book, size_t size)
{
    munmap(book, size);
}

#endif /* WITH_RESTRICTED */
