@echo off
rem Windows: double-click to set up (the first time) and start mtop-gui.
setlocal
cd /d "%~dp0.."
where py >nul 2>nul
if not errorlevel 1 (
  py -3 packaging\run.py %*
  goto done
)
where python >nul 2>nul
if not errorlevel 1 (
  python packaging\run.py %*
  goto done
)
echo Python 3.11 to 3.13 is not installed: get it from python.org, then double-click this again.
pause
exit /b 1
:done
if errorlevel 1 pause
