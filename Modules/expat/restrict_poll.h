/* Entities of entities make a parser without handlers as slow as a guest
   likes, and it may lift the parser's own bound on that: at each token, look
   whether the guest is to stop. */

#ifndef EXPAT_RESTRICT_POLL_H
#define EXPAT_RESTRICT_POLL_H

#include "pyconfig.h"

#ifdef WITH_RESTRICTED

extern int _PyRestrict_LibraryStopped(void);

#define _PyRestrict_EXPAT_POLL(action)                                        \
    do {                                                                      \
        if (_PyRestrict_LibraryStopped()) {                                   \
            action;                                                           \
        }                                                                     \
    } while (0)

#else

#define _PyRestrict_EXPAT_POLL(action)

#endif
#endif
