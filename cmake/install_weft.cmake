# cmake --install: headers, library, lesson program, data sets, and the package that
# find_package(Weft) reads. Everything is relative to the prefix, which can be moved afterwards.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(weft_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Weft)

install(TARGETS weft EXPORT WeftTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT WeftTargets NAMESPACE weft:: DESTINATION ${weft_package_folder})
install(DIRECTORY include/weft DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(WEFT_LESSONS)
  if(NOT CMAKE_INSTALL_RPATH)  # libweft.so lies beside the program's folder
    file(RELATIVE_PATH to_libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
    set_target_properties(weft-lessons PROPERTIES INSTALL_RPATH $ORIGIN/${to_libraries})
  endif()
  install(TARGETS weft-lessons RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY data/ DESTINATION share/weft/data)  # where data_folder() looks
endif()

configure_package_config_file(cmake/WeftConfig.cmake.in ${PROJECT_BINARY_DIR}/WeftConfig.cmake
  INSTALL_DESTINATION ${weft_package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/WeftConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/WeftConfig.cmake ${PROJECT_BINARY_DIR}/WeftConfigVersion.cmake
  DESTINATION ${weft_package_folder})
