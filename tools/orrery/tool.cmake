# SPDX-License-Identifier: Apache-2.0
file(GLOB ORRERY_TOOL_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/orrery/*.c)
add_executable(orrery ${ORRERY_TOOL_SOURCES})
target_link_libraries(orrery PRIVATE orrery_core)
foreach(arch riscv64 aarch64 loongarch64 x86_64)
  add_custom_command(TARGET orrery POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E create_symlink orrery ${CMAKE_BINARY_DIR}/orrery-system-${arch})
endforeach()
