@echo off
rem Runs SparseLLM on Windows. Environment: SPARSELLM_JAVA_OPTS (JVM options, -Dkey=value among them), JAVA_HOME.
setlocal
set "SPARSELLM_HOME=%~dp0.."
set "SPARSELLM_JAVA_COMMAND=java"
if defined JAVA_HOME set "SPARSELLM_JAVA_COMMAND=%JAVA_HOME%\bin\java"
if exist "%SPARSELLM_HOME%\runtime\bin\java.exe" set "SPARSELLM_JAVA_COMMAND=%SPARSELLM_HOME%\runtime\bin\java"
"%SPARSELLM_JAVA_COMMAND%" -XX:MaxRAMPercentage=50 --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED %SPARSELLM_JAVA_OPTS% -cp "%SPARSELLM_HOME%\lib\*;%SPARSELLM_HOME%\plugins\*" dev.sparsellm.runtime.cli.Main %*
exit /b %ERRORLEVEL%
