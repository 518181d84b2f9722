# Turn the surface table into C: Python/restrict_surface/*.tbl to
# restrict_surface_data.h.
#
# A line is one of
#     type NAME           the rows that follow are of the type with this tp_name
#     module NAME         ... of the module with this name
#     VERDICT NAME  text  a row: allow, refuse, guard or absent; the text is the
#                         reason.  guard: a function of ours has its place
#     # text              a comment
# `absent` is the same as no row, with a word on why; a refusal and an absence
# need a reason.  Marks at the start of the text: [path], a refusal that is a
# PermissionError, as of files; [init], a name that is gone again when the type
# is ready; [late], one that is set when something happens; [debug], [linux] and
# the like, that only such builds have the name.

function fail(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
    failed = 1
    exit 1
}

function quote(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

/^[ \t]*(#|$)/ { next }

$1 == "type" || $1 == "module" {
    group = $0          # a few names of types have spaces in them
    if (!(group in n_rows)) n_rows[group] = 0
    next
}

$1 == "allow" || $1 == "refuse" || $1 == "guard" || $1 == "absent" {
    if (group == "") fail("a row before the first group")
    if ((group, $2) in verdict) fail("second row for " group " " $2)
    text = $0
    sub(/^[ \t]*[^ \t]+[ \t]+[^ \t]+[ \t]*/, "", text)
    if ($1 != "allow" && text == "") fail("a reason is missing for " $2)
    verdict[group, $2] = $1
    reason[group, $2] = text
    names[group, ++n_rows[group]] = $2
    next
}

{ fail("not a row: " $0) }

# Insertion into an order that strcmp() has too: the locale must be C.
function sort(array, n,    i, j, value) {
    for (i = 2; i <= n; i++) {
        value = array[i]
        for (j = i - 1; j > 0 && array[j] > value; j--) array[j + 1] = array[j]
        array[j + 1] = value
    }
}

function emit_rows(group, id,    i, n, sorted) {
    n = n_rows[group]
    if (n == 0) return
    for (i = 1; i <= n; i++) sorted[i] = names[group, i]
    sort(sorted, n)
    printf "static const struct _restrict_row rows_%d[] = {\n", id
    for (i = 1; i <= n; i++)
        printf "    {%s, %s, %s, %s},\n", quote(sorted[i]),
               quote(reason[group, sorted[i]]),
               code[verdict[group, sorted[i]]],
               reason[group, sorted[i]] ~ /\[path\]/ ? "1" : "0"
    print "};"
}

function emit_groups(kind,    i, n, sorted, name) {
    n = 0
    for (name in n_rows)
        if (index(name, kind " ") == 1) sorted[++n] = substr(name, length(kind) + 2)
    sort(sorted, n)
    for (i = 1; i <= n; i++) emit_rows(kind " " sorted[i], ++ids)
    ids -= n
    printf "\nstatic const struct _restrict_group %s_groups[] = {\n", kind
    for (i = 1; i <= n; i++) {
        ids++
        if (n_rows[kind " " sorted[i]])
            printf "    {%s, rows_%d, %d},\n", quote(sorted[i]), ids,
                   n_rows[kind " " sorted[i]]
        else
            printf "    {%s, NULL, 0},\n", quote(sorted[i])
    }
    print "};\n"
}

END {
    if (failed) exit 1
    code["allow"] = "_PyRestrict_ALLOWED"
    code["refuse"] = "_PyRestrict_REFUSED"
    code["guard"] = "_PyRestrict_GUARDED"
    code["absent"] = "_PyRestrict_ABSENT"
    print "/* Generated from Python/restrict_surface/ by Tools/restrict/surface.awk. */\n"
    emit_groups("type")
    emit_groups("module")
}
