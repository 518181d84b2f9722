# The rules of restricted mode, included by CPython's Makefile in each flavour
# (Makefile.pre.in.patch). What stands here needs no patch, and sysconfig, which
# reads the Makefile but not what it includes, never sees it.

# Every Python/restrict*.c is part of the core.
RESTRICT_OBJS = $(patsubst $(srcdir)/%.c,%.o,$(sort $(wildcard $(srcdir)/Python/restrict*.c))) \
	$(RESTRICT_LIB_OBJS)

# What the bootstrap interpreter makes, and so is not part of that one
# (pycore_restrict_frozen.h).
RESTRICT_MADE_OBJS = Python/restrict_frozen.o Python/restrict_zones_data.o

# The small libraries of CPython's own that modules of Setup.local stand on. They
# become part of libpython.a, so that an embedding program finds them there.
RESTRICT_LIB_OBJS = \
	$(if $(findstring $(LIBMPDEC_A),$(MODLIBS)),$(LIBMPDEC_OBJS)) \
	$(if $(findstring $(LIBEXPAT_A),$(MODLIBS)),$(LIBEXPAT_OBJS)) \
	$(if $(findstring $(LIBHACL_SHA2_A),$(MODLIBS)),$(LIBHACL_SHA2_OBJS))

# One file less changes no time stamp: the list itself is what to relink for.
$(shell echo '$(RESTRICT_OBJS)' | cmp -s - restrict.objs || echo '$(RESTRICT_OBJS)' >restrict.objs)
$(sort $(LIBRARY) $(LDLIBRARY) $(BUILDPYTHON)): restrict.objs

# Folders of ours below Lib, for make install.
RESTRICT_LIBSUBDIRS = $(shell cd $(srcdir)/Lib && \
	find restrict -type d ! -name __pycache__ 2>/dev/null | sort)

# The compiler writes down which headers each object was made from, so that an
# edit of one of ours rebuilds those objects and no others. (PYTHON_HEADERS, the
# upstream way, would rebuild everything.)
PY_STDMODULE_CFLAGS += -MMD -MP
-include $(wildcard *.d */*.d */*/*.d */*/*/*.d)

# --- Generated files ---------------------------------------------------------

# The surface table, as C. In the C locale, so that awk sorts as strcmp() does.
RESTRICT_SURFACE = $(sort $(wildcard $(srcdir)/Python/restrict_surface/*.tbl))
Python/restrict_surface.o: Python/restrict_surface_data.h
Python/restrict_surface_data.h: $(RESTRICT_SURFACE) $(srcdir)/Tools/restrict/surface.awk
	LC_ALL=C awk -f $(srcdir)/Tools/restrict/surface.awk $(RESTRICT_SURFACE) >$@.new
	mv $@.new $@

# The frozen standard library.
RESTRICT_FROZEN = $(srcdir)/Python/restrict_frozen.txt
Python/restrict_frozen.c: _bootstrap_python $(RESTRICT_FROZEN) $(srcdir)/Tools/restrict/freeze.py \
		$(shell cat restrict_frozen.dep 2>/dev/null)
	./_bootstrap_python $(srcdir)/Tools/restrict/freeze.py $(srcdir)/Lib $(RESTRICT_FROZEN) $@ restrict_frozen.dep
Python/restrict_frozen.o: Python/restrict_frozen.c
	$(CC) -c $(PY_CORE_CFLAGS) -o $@ Python/restrict_frozen.c

# Time zones: those of the system, or of the folders that RESTRICT_ZONEINFO=...
# names, or none. They are read again when it names others, or has a newer
# release of them.
RESTRICT_ZONEINFO = $(TZPATH)
RESTRICT_ZONES_OF = $(RESTRICT_ZONEINFO) $(shell head -qn1 \
	$(addsuffix /tzdata.zi,$(subst :, ,$(RESTRICT_ZONEINFO))) 2>/dev/null)
$(shell echo '$(RESTRICT_ZONES_OF)' | cmp -s - restrict_zones.of || echo '$(RESTRICT_ZONES_OF)' >restrict_zones.of)
Python/restrict_zones_data.c: _bootstrap_python $(srcdir)/Tools/restrict/zones.py restrict_zones.of
	./_bootstrap_python $(srcdir)/Tools/restrict/zones.py '$(RESTRICT_ZONEINFO)' $@
Python/restrict_zones_data.o: Python/restrict_zones_data.c
	$(CC) -c $(PY_CORE_CFLAGS) -o $@ Python/restrict_zones_data.c

