/* Guarded mode: restricted code among the live objects of a trusted program.

   Who is guarded is a property of code, not of a time span: code that was
   started by guarded_exec(), and every function, class, generator and so on
   that it defines, looks its builtins up in a *marked* dict.  So a frame says
   by itself whether it is guarded, whoever calls it and whenever: a finalizer
   during the host's own work is guarded, and a host function that guarded
   code calls is not.  The guards in C ask about the frame on top. */

#include "Python.h"
#include "pycore_frame.h"         // _PyThreadState_GetFrame()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

int
_PyRestrict_RunsGuarded(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(tstate);
    return frame != NULL && _PyRestrict_IsMarked(frame->f_builtins);
}

int
_PyRestrict_GuardAttribute(const char *subject)
{
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_ATTRIBUTE,
        .capability = "attribute",
        .subject = subject,
    });
}

#endif  /* WITH_RESTRICTED */
