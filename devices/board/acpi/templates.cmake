# SPDX-License-Identifier: Apache-2.0
# devices/board/acpi/*.asl -> generated/devices/board/acpi/templates.gen.c and .h: one
# `const struct acpi_template NAME_aml` a file.
find_program(IASL iasl)
if(NOT IASL)
  message(FATAL_ERROR "iasl, the compiler of ACPI tables, is missing: install acpica-tools (tools/prerequisites build does)")
endif()
file(GLOB ACPI_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.asl)
set(ACPI_GENERATED ${CMAKE_BINARY_DIR}/generated/devices/board/acpi)
file(GLOB ACPI_SHARED CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.inc) # what the sources include
file(MAKE_DIRECTORY ${ACPI_GENERATED})
add_custom_command(
  OUTPUT ${ACPI_GENERATED}/templates.gen.c ${ACPI_GENERATED}/templates.gen.h
  COMMAND ${CMAKE_COMMAND} -D IASL=${IASL} -D OUT=${ACPI_GENERATED} "-DSOURCES=${ACPI_SOURCES}" -P ${CMAKE_CURRENT_LIST_DIR}/compile.cmake
  DEPENDS ${ACPI_SOURCES} ${ACPI_SHARED} ${CMAKE_CURRENT_LIST_DIR}/compile.cmake
  COMMENT "ACPI templates of devices/board"
  VERBATIM)
list(APPEND ORRERY_GENERATED ${ACPI_GENERATED}/templates.gen.h ${ACPI_GENERATED}/templates.gen.c)
