#include "cel_internal.h"
const struct cel_row cel_rows_ext_strings[] = {{0}}, cel_rows_ext_math[] = {{0}}, cel_rows_ext_lists[] = {{0}}, cel_rows_ext_sets[] = {{0}},
 cel_rows_ext_optional[] = {{0}}, cel_rows_ext_encoders[] = {{0}};
