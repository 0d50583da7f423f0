# SPDX-License-Identifier: Apache-2.0
# devices/board/x86_rom/loader.S -> generated/devices/board/x86_rom/loader.gen.h: `x86_loader_rom`, a table of bytes.
find_program(X86_ROM_CC x86_64-linux-gnu-gcc)
find_program(X86_ROM_OBJCOPY x86_64-linux-gnu-objcopy)
if(NOT X86_ROM_CC OR NOT X86_ROM_OBJCOPY)
  message(FATAL_ERROR "x86_64-linux-gnu-gcc, which assembles a PC's option ROM, is missing: install gcc-x86-64-linux-gnu")
endif()
set(X86_ROM_GENERATED ${CMAKE_BINARY_DIR}/generated/devices/board/x86_rom)
file(MAKE_DIRECTORY ${X86_ROM_GENERATED})
add_custom_command(
  OUTPUT ${X86_ROM_GENERATED}/loader.gen.h
  COMMAND ${CMAKE_COMMAND} -D CC=${X86_ROM_CC} -D OBJCOPY=${X86_ROM_OBJCOPY} -D OUT=${X86_ROM_GENERATED}
    -D SOURCE=${CMAKE_CURRENT_LIST_DIR}/loader.S -P ${CMAKE_CURRENT_LIST_DIR}/assemble.cmake
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/loader.S ${CMAKE_CURRENT_LIST_DIR}/assemble.cmake
  COMMENT "option ROM of devices/board"
  VERBATIM)
list(APPEND ORRERY_GENERATED ${X86_ROM_GENERATED}/loader.gen.h)
