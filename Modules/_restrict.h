/* The type of _restrict.Guest, for the files that make its methods:

     _restrict.c          the type, its life, the policy's setters
     _restrict_call.c     running code in it, and the functions it calls
     _restrict_record.c   what it wrote, used and was refused */

#ifndef Py_RESTRICT_MODULE_H
#define Py_RESTRICT_MODULE_H

#include "pycore_restrict_run.h"

typedef struct {
    PyObject_HEAD
    struct _restrict_guest guest;
    PyObject *functions;  // list: host functions by index
    PyObject *describe;   // exception -> (type name, message)
    PyObject *pending;    // what a host function ended us with
} GuestObject;

/* Of an open guest; NULL with RuntimeError once it is closed. */
extern PyInterpreterState *_restrict_OpenInterp(GuestObject *self);

/* _restrict_call.c */
extern PyObject *_restrict_Run(GuestObject *self, PyObject *args);
extern int _restrict_HostCall(void *host, int index,
                              struct _restrict_copy *copy, Py_ssize_t nargs,
                              int has_keywords, struct _restrict_copy *answer);
extern void _restrict_HostSignal(void *host);

/* _restrict_record.c */
extern PyObject *_restrict_SetInput(GuestObject *self, PyObject *data);
extern PyObject *_restrict_Output(GuestObject *self, PyObject *args);
extern PyObject *_restrict_Denials(GuestObject *self, PyObject *args);
extern PyObject *_restrict_Usage(GuestObject *self, PyObject *args);
extern PyObject *_restrict_LimitHit(GuestObject *self, PyObject *args);

#endif /* !Py_RESTRICT_MODULE_H */
