# SPDX-License-Identifier: Apache-2.0
# cpu/riscv/profiles/*.ini -> generated/cpu/riscv/profiles.gen.c, so that the program needs no files.
# The licence line is left out: the first line of the text is the profile's description.
file(GLOB RV_PROFILES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/profiles/*.ini)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${RV_PROFILES})
set(RV_ROWS "")
foreach(profile ${RV_PROFILES})
  get_filename_component(name ${profile} NAME_WE)
  file(READ ${profile} text)
  string(REGEX REPLACE "^; SPDX[^\n]*\n" "" text "${text}")
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n      \"" text "${text}")
  string(APPEND RV_ROWS "    { \"${name}\",\n      \"${text}\" },\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cpu/riscv/profiles.gen.c @ONLY CONTENT
"/* SPDX-License-Identifier: Apache-2.0 */
/* Made from cpu/riscv/profiles: change those, never this. */
#include \"cpu/riscv/cpu.h\"

const struct rv_profile rv_profiles[] = {
@RV_ROWS@    { NULL, NULL },
};
")
list(APPEND ORRERY_GENERATED ${CMAKE_BINARY_DIR}/generated/cpu/riscv/profiles.gen.c)
