/* Loops of libmpdec that neither take memory nor end soon, and grow with the
   square of a guest's digits or with its exponent, look whether the guest is
   to stop. */

#ifndef LIBMPDEC_RESTRICT_POLL_H
#define LIBMPDEC_RESTRICT_POLL_H

#include "pyconfig.h"

#ifdef WITH_RESTRICTED

extern int _PyRestrict_LibraryStopped(void);

#define _PyRestrict_MPD_POLL(action)                                          \
    {                                                                         \
        if (_PyRestrict_LibraryStopped()) {                                   \
            action;                                                           \
        }                                                                     \
    }

#else

#define _PyRestrict_MPD_POLL(action)

#endif
#endif
